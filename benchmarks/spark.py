"""A local Spark, where PySpark and Java are installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

__all__ = ["local_spark", "why_absent"]

OPTIONS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    "spark.python.sql.dataFrameDebugging.enabled": "false",  # it makes each column slow
}


def why_absent() -> str:
    """Return why there is no Spark here; nothing if there is."""
    if not find_spec("pyspark"):
        return "PySpark is not installed"
    if not os.environ.get("JAVA_HOME") and not shutil.which("java"):
        return "Spark needs Java, and there is none"
    return ""


@contextmanager
def local_spark() -> Iterator[Any]:
    """Yield a session that stops at the end."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - may be absent

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("leadrules benchmarks")
    for name, value in OPTIONS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()
