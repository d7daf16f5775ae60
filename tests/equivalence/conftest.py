"""A cache of their own for what these tests compile, and the forms that they compare."""

from pathlib import Path

import pytest

from symopt.catalogue import load, load_file
from symopt.paths import specs_dir

FORMS = load_file(Path(__file__).with_name("forms.py"))


def found(name):
    """A form of these tests, an erratum as "document_002:momentum", or a name of the catalogue."""
    if name in FORMS:
        return FORMS[name]
    file, colon, erratum = name.partition(":")
    return load(f"{specs_dir() / 'errata' / file}.py:{erratum}" if colon else name)


@pytest.fixture(scope="session")
def named():
    """`named("adam")` is an optimizer by its name."""
    return found


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to one folder for all tests of a process, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SYMOPT_CACHE_DIR", str(folder))
        yield folder
