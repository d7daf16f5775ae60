"""The dialect: from a decorated Python function to an `Optimizer`."""

from symopt.dialect.declare import erratum, optimizer
from symopt.dialect.declare_schedule import schedule
from symopt.dialect.schedules import Schedule

__all__ = ["Schedule", "erratum", "optimizer", "schedule"]
