"""The embedded services and the process supervisor behind `./run` and `./test`. Nothing here imports Django at import time."""
