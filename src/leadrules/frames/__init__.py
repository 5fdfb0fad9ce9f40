"""The boundary of every frame form: frames of any kind in, the same kind out, rows in order.

Eager frames go through polars by Arrow; lazy ones (polars, DuckDB, PySpark) stay lazy and where
they are. Every column that a policy reads is settled here, by the rules of `values.settle`.
"""

from leadrules.frames.events import History, open_events
from leadrules.frames.making import event_frame_of, frame_of
from leadrules.frames.opening import Opened, open_frame

__all__ = ["History", "Opened", "event_frame_of", "frame_of", "open_events", "open_frame"]
