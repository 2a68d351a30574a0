"""WSGI entry. Refuses to start with a database role that row-level security does not bind."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiyang.settings")
application = get_wsgi_application()

from jiyang.access.guard import assert_unprivileged  # noqa: E402  (needs the loaded apps)

assert_unprivileged()
