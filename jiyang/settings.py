"""Settings of every process: read from the environment, refused at start where they are unsafe.

`./run` and `./test` set the environment for the embedded services; production sets the same names (docs/deployment.md).
"""

from pathlib import Path

import pghistory
import pgtrigger
from django.core.exceptions import ImproperlyConfigured

from jiyang import env

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("JIYANG_DATA", BASE_DIR / ".data")
MEDIA_ROOT = DATA_DIR / "files"
STATIC_ROOT = env.folder("JIYANG_STATIC_ROOT", DATA_DIR / "static")

DEBUG = env.flag("JIYANG_DEBUG")
DEMO = env.flag("JIYANG_DEMO")  # demo log-ins exist; only ./run sets it
if DEMO and not DEBUG:
    raise ImproperlyConfigured("JIYANG_DEMO needs JIYANG_DEBUG: demo log-ins are refused in production")


SHORTEST_SECRET = 32


def secret(name: str) -> str:
    """A secret from the environment. Development has a fixed stand-in; production must bring its own, and a long one."""
    value, stand_in = env.text(name), f"development-only-{name.lower()}-not-a-secret"
    if DEBUG:
        return value or stand_in
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; without JIYANG_DEBUG no default secret is accepted")
    if value == stand_in or len(value) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"{name} must be {SHORTEST_SECRET} random characters or more, and not the stand-in of development"
        )
    return value


SECRET_KEY = secret("JIYANG_SECRET_KEY")
FIELD_KEYS = {1: secret("JIYANG_FIELD_KEY")}  # key id -> passphrase of field encryption
INDEX_KEY = secret("JIYANG_INDEX_KEY")  # passphrase of the blind index (HMAC)

ALLOWED_HOSTS = env.words("JIYANG_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("JIYANG_ORIGINS")
PROXIES = env.number("JIYANG_PROXIES", 0)  # in front of the web process; each adds to X-Forwarded-For


def own_apps() -> list[str]:
    """The domains beside this package: every top-level folder with an `apps.py`, the register and monitoring first."""
    found = sorted(path.parent.name for path in BASE_DIR.glob("*/apps.py"))
    return sorted(found, key=lambda name: ["households", "monitoring", name].index(name))


INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # only `jiyang.ledgers.admin_site`, no app's own admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "django_filters",
    "import_export",
    "axes",
    "django_celery_beat",
    "django_celery_results",
    "jiyang.ui",
    "jiyang.runtime",
    "jiyang.accounts",
    "jiyang.regions",
    "jiyang.parameters",
    "jiyang.audit",
    "jiyang.documents",
    "jiyang.intake",
    "jiyang.reporting",
    "jiyang.ledgers",
    "jiyang.workflow",
    "jiyang.schedules",
    "jiyang.rules",
    "jiyang.access",
    "jiyang.api",
    *own_apps(),
]

MIDDLEWARE = [
    "jiyang.accounts.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "jiyang.ui.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "jiyang.api.middleware.TokenMiddleware",
    "jiyang.accounts.middleware.SessionPolicyMiddleware",
    "jiyang.access.middleware.ScopeMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "jiyang.urls"
WSGI_APPLICATION = "jiyang.wsgi.application"
FORM_RENDERER = "jiyang.ui.forms.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jiyang.ui.context.shell",
            ],
            "builtins": ["jiyang.ui.templatetags.ui"],
        },
    }
]

# The web role has no DDL and owns nothing; only migrations run as the owner.
DATABASE_ROLE = env.text("JIYANG_DB_ROLE", "web")
if DATABASE_ROLE not in {"web", "owner"}:
    raise ImproperlyConfigured("JIYANG_DB_ROLE must be web or owner")
DATABASES = {
    "default": {
        **env.database(env.text("DATABASE_OWNER_URL" if DATABASE_ROLE == "owner" else "DATABASE_URL")),
        "TIME_ZONE": "Asia/Shanghai",  # current_date in policies is the officers' day
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
# Name of the database role the web, worker and beat processes log in as; grants go to it.
WEB_ROLE = env.database(env.text("DATABASE_URL"))["USER"] or "jiyang_web"
HOUSEHOLD_MODEL = "households.Household"  # the model that owns household records (jiyang.ledgers.records)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379")
_SOCKET = REDIS_URL.startswith("unix://")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{REDIS_URL}?db=1" if _SOCKET else f"{REDIS_URL.rstrip('/')}/1",
    }
}
CELERY_BROKER_URL = (
    f"{REDIS_URL.replace('unix://', 'redis+socket://')}?virtual_host=0" if _SOCKET else f"{REDIS_URL.rstrip('/')}/0"
)
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = env.number("JIYANG_TASK_SECONDS", 300)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3 * CELERY_TASK_TIME_LIMIT,
    "socket_timeout": 5,  # a queue that answers nothing is one that is down: whoever sends to it does not wait for ever
}
JOB_SECONDS = env.number("JIYANG_JOB_SECONDS", 3600)  # longest scheduled run; the run ledger, not the queue, guards it
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 2
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = ["jiyang.ui.formats"]
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "jiyang.ui.assets.VendorFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "jiyang.ui.assets.HashedStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "jiyang.accounts.backends.PostedBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "jiyang.accounts.passwords.StrengthValidator"},
    {"NAME": "jiyang.accounts.passwords.ReuseValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.5  # hours
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "jiyang.accounts.views.login.locked"
AXES_IPWARE_PROXY_COUNT = PROXIES
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True  # jiyang.audit keeps the log of log-ins, with its retention
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_IDLE_SECONDS = 30 * 60  # 14.2: idle 30 minutes, 12 hours in all
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_TLS = env.flag("JIYANG_TLS", not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_TLS
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TLS
SECURE_SSL_REDIRECT = env.flag("JIYANG_REDIRECT_TLS", SECURE_TLS)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "jiyang.ui.errors.csrf_failure"
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # a lock follows the account, whatever address or browser tries it
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "report-uri": ["/csp-report"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

PGTRIGGER_MIGRATIONS = False  # jiyang.access.schema installs them after migrate, with everything else of the schema
PGTRIGGER_INSTALL_ON_MIGRATE = False
PGHISTORY_APPEND_ONLY = True
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_BASE_MODEL = "jiyang.audit.models.EventBase"
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="history", db_index=True)
PGHISTORY_CONTEXT_FIELD = pghistory.ContextJSONField()

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["jiyang.api.authentication.RequestAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["jiyang.api.authentication.MatrixPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["jiyang.api.authentication.PerUser"],
    "DEFAULT_THROTTLE_RATES": {"user": env.text("JIYANG_API_RATE", "600/min")},
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["jiyang.api.parsers.BoundedJSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "jiyang.api.errors.handler",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_personal_numbers": {"()": "jiyang.audit.logs.NoPersonalNumbers"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_personal_numbers"]}
    },
    "root": {"handlers": ["console"], "level": env.text("JIYANG_LOG", "INFO")},
    "loggers": {"pgtrigger": {"level": "WARNING"}},  # a line for each trigger at every migrate
}
