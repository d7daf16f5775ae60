"""A cache of their own for what these tests compile."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Compiled code goes to one folder for all tests of a process, not to the user's."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("SYMOPT_CACHE_DIR", str(folder))
        yield folder
