"""A test process of its own: under `-n` every worker has its own queue, cache and files; pytest-django gives it its database.

Loaded by `-p tests.apart` before the settings are read.
"""

import atexit
import os
import tempfile
from pathlib import Path

if os.environ.get("PYTEST_XDIST_WORKER"):
    from jiyang.runtime.valkey import Valkey

    folder = tempfile.TemporaryDirectory(prefix="jiyang-worker-")
    valkey = Valkey(Path(folder.name) / "valkey")
    valkey.start()
    atexit.register(folder.cleanup)
    atexit.register(valkey.stop)
    os.environ |= {"REDIS_URL": valkey.url, "JIYANG_DATA": folder.name}
    (Path(folder.name) / "static").mkdir()
