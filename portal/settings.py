"""All settings, read top to bottom. Values come from the environment by `portal.core.env`; docs/operations.md lists them.

PORTAL_MODE=production (so when nothing is set) refuses to start insecurely; PORTAL_MODE=local suits a laptop and tests.
"""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from portal.core import alarm_limits, group_file, identity_provider, key_services, logging, queues, servers, two_persons
from portal.core.content_policy import content_policy, security_contact
from portal.core.env import Env, audit_keys, database, encryption_keys, environments, load_file, new_key, owner_of
from portal.core.retention import periods
from portal.core.schedule import timetable
from portal.core.storage import configuration
from portal.core.trail import receiver
from portal.local import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
load_file(env.path("ENV_FILE", default=BASE_DIR / ".env"))

# --- Mode and addresses -----------------------------------------------------------------------------------------------
PORTAL_MODE = env.choice("PORTAL_MODE", among=("production", "local"), default="production")
LOCAL = PORTAL_MODE == "local"
DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = (
    embedded.data_folder(BASE_DIR, given=env.optional("DATA_DIR"))
    if LOCAL
    else env.path("DATA_DIR", default=Path("/data"))
)
SECRETS_DIR = DATA_DIR / "secrets"  # generated once on a laptop; production sets its own

PORT = env.integer("PORT", default=8000, minimum=1, maximum=65535)
PORTAL_URL = env.url(
    "PORTAL_URL",
    schemes=("https", "http") if LOCAL else ("https",),
    example="https://portal.example.no",
    default=f"http://127.0.0.1:{PORT}" if LOCAL else None,
)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    example="portal.example.no",
    default=("localhost", "127.0.0.1", "[::1]", urlsplit(PORTAL_URL).hostname or "") if LOCAL else None,
)

# --- Outside services -------------------------------------------------------------------------------------------------
SANDBOX_PORT = env.integer("SANDBOX_PORT", default=8901, minimum=1, maximum=65535)
SANDBOX_URL = env.optional("SANDBOX_URL") or (f"http://127.0.0.1:{SANDBOX_PORT}" if LOCAL else None)
ENVIRONMENTS = environments(env, is_local=LOCAL, has_sandbox=SANDBOX_URL is not None)

# --- Secrets ----------------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret(
    "SECRET_KEY",
    minimum=50,
    example="the-output-of: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    kept_in=SECRETS_DIR if LOCAL else None,
    make=lambda: secrets.token_urlsafe(50),
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", example="the-key-before-this", default=())
ENCRYPTION_KEYS = encryption_keys(env, kept_in=SECRETS_DIR if LOCAL else None, make=new_key)
AUDIT_KEYS = audit_keys(env, kept_in=SECRETS_DIR if LOCAL else None)
"""The keys of the audit trail's seals, newest first: portal.core.trail.keys."""

KEY_SERVICES = key_services.read(env, is_local=LOCAL)
"""Which keys of Maskinporten a key service holds."""

# --- Checks for production --------------------------------------------------------------------------------------------
if not LOCAL:
    servers.check_start(
        is_debugged=DEBUG,
        hosts=ALLOWED_HOSTS,
        portal_url=PORTAL_URL,
        has_sandbox=bool(SANDBOX_URL) or "SANDBOX" in ENVIRONMENTS,
    )

# --- Servers ----------------------------------------------------------------------------------------------------------
# Where an address is missing on a laptop, portal.local.embedded runs that server itself, on a socket below DATA_DIR.
EMBEDDED = tuple(
    s for s, v in (("postgresql", "DATABASE_URL"), ("valkey", "REDIS_URL")) if LOCAL and not env.optional(v)
)
DATABASE_URL = env.url(
    "DATABASE_URL",
    schemes=("postgresql", "postgres"),
    example="postgresql://portal:password@db.example.no:5432/portal",
    default=embedded.database_url(DATA_DIR) if LOCAL else None,
)
REDIS_URL = env.url(
    "REDIS_URL",
    schemes=("redis", "rediss", "unix"),
    example="redis://:password@redis.example.no:6379/0",
    default=embedded.redis_url(DATA_DIR) if LOCAL else None,
)
DATABASE_OWNER = owner_of(
    DATABASE_URL,
    owner=env.optional("DATABASE_OWNER_URL")
    or (embedded.database_url(DATA_DIR, user=embedded.OWNER) if "postgresql" in EMBEDDED else None),
)
"""For `manage.py migrate` and `restore` alone: portal.core.database_roles."""
DATABASES = {"default": database(DATABASE_URL, pool_size=env.integer("DATABASE_POOL_SIZE", default=10))}
CACHES = {
    "default": {
        "BACKEND": "portal.core.cache.ForgetfulCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "portal",
        "VERSION": 2,  # 1 held pickles: the release before must not meet what this one writes
        "OPTIONS": {"serializer": "portal.core.cache.JsonSerializer", "socket_connect_timeout": 2, "socket_timeout": 5},
    }
}

# --- Traces -----------------------------------------------------------------------------------------------------------
TRACES_URL = env.optional("TRACES_URL") and env.url(
    "TRACES_URL", schemes=("http", "https"), example="http://collector:4318/v1/traces"
)
"""Where OpenTelemetry traces are sent (OTLP over HTTP); nothing is traced without it."""

# --- Applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal",
    "accounts",
    "systemusers",
    "submissions",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials",
]
MIDDLEWARE = [
    "portal.core.middleware.Health",
    "portal.core.middleware.RequestId",
    *(["portal.core.tracing.Traced"] if TRACES_URL else []),
    "django.middleware.security.SecurityMiddleware",
    "portal.core.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.SessionEnds",
    "portal.core.middleware.BodyLimits",  # before anything that reads the body, as the check of the CSRF token does
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.core.middleware.NoPersonSearched",
    "portal.core.middleware.Patience",
    "portal.core.middleware.NullCharacters",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
WEB_THREADS = env.integer("WEB_THREADS", default=8, minimum=1, maximum=64)  # of each web process, for pages
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "django.template.context_processors.i18n",
                "portal.desk.context.shell",
                *(["portal.local.lived_in.note.context"] if LOCAL else []),
            ],
        },
    }
]

MESSAGE_STORAGE = "portal.core.messages.Storage"

# --- Log-in -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.login.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.services.passwords.NotLeaked"},
    {"NAME": "accounts.services.passwords.NotAboutOneself"},
]
LOGIN_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds, as the page and the mail say
TOO_SLOW_VIEW = "portal.errors.too_slow"
NO_STORAGE_VIEW = "portal.errors.no_storage"
BODY_REFUSED_VIEW = "portal.errors.refused_body"
KNOWN_CALLER = "portal.api.security.is_known"
"""Whether a request with a body comes from an integration; a person is known by the session."""
CSRF_FAILURE_VIEW = "portal.desk.views.csrf_failure"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.login.ClosedSignup"
ACCOUNT_FORMS = {
    "login": "accounts.login.LoginForm",
    "reset_password": "accounts.login.ResetPasswordForm",
    "reset_password_from_key": "accounts.login.ResetPasswordKeyForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # administrators create accounts with their address
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a path
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Passwords are counted by accounts.services.attempts; "login_failed" counts wrong codes of a second factor.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "5/5m/key", "reset_password": "20/m/ip"}
OIDC = identity_provider.read(env, is_local=LOCAL)  # see accounts.oidc
OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_NAME = OIDC.issuer, OIDC.client_id, OIDC.name
OIDC_GROUPS, OIDC_GROUPS_CLAIM = OIDC.groups, OIDC.groups_claim
OIDC_RECHECK_MINUTES, OIDC_SECOND_FACTOR = OIDC.recheck_minutes, OIDC.has_second_factor
LOCAL_PASSWORDS = OIDC.local_passwords
SOCIALACCOUNT_ADAPTER = "accounts.oidc.SocialAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_PROVIDERS = OIDC.for_allauth
_strict: tuple[tuple[str, ...], ...] = ((), ()) if LOCAL else (("PRODUCTION",), ("ADMINISTRATOR", "DEVELOPER"))
SECOND_FACTOR_IN = env.several("SECOND_FACTOR_IN", among=group_file.ENVIRONMENTS, default=_strict[0])
SECOND_FACTOR_ROLES = env.several("SECOND_FACTOR_ROLES", among=group_file.ROLES, default=_strict[1])
"""Where everybody needs a second factor, and the roles that need one wherever they are held: accounts.services.factors."""
STEP_UP_MINUTES = env.integer("STEP_UP_MINUTES", default=15, maximum=12 * 60)
STEP_UP_MANY = env.integer("STEP_UP_MANY", default=20)
"""How long a proof that it is you is good for keys, roles and more rows than so many at once (accounts.step_up); 0: for ever."""
MFA_REAUTHENTICATION_REQUIRED = False  # our own guard asks: accounts.step_up
MFA_ADAPTER = "accounts.mfa.Adapter"
MFA_FORMS = {"authenticate": "accounts.mfa.CodeForm", "authenticate_webauthn": "accounts.mfa.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # codes before and after: telephones do not all know the time
MFA_RECOVERY_CODE_COUNT = 10
PROXY_COUNT = env.integer("PROXY_COUNT", default=0 if LOCAL else 1, maximum=5)  # proxies of ours before the web process
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT

# --- Cookies and security headers -------------------------------------------------------------------------------------
SECURE = PORTAL_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = True, "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"  # rows of sessions run no code either
SESSION_HOURS = env.integer("SESSION_HOURS", default=12, minimum=1, maximum=24)  # a working day
SESSION_IDLE_MINUTES = env.integer("SESSION_IDLE_MINUTES", default=30 if not LOCAL else 0, maximum=24 * 60)
"""Minutes without activity after which a session ends; 0: it does not. See accounts.middleware."""
SESSION_COOKIE_AGE = SESSION_HOURS * 60 * 60
DEVICE_COOKIE_NAME = "__Host-device" if SECURE else "portal_device"
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "portal_session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "portal_csrf"
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
SECURE_SSL_REDIRECT = not LOCAL
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if SECURE else 0
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # HSTS for other sub-domains is the operator's to decide
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_policy(sandbox=SANDBOX_URL, also=OIDC.origins)
SECURITY_CONTACT = security_contact(env)
"""Who is told of a vulnerability: mailto: or https:. With it, /.well-known/security.txt exists."""
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20  # what is no file; the limits of each page are in portal.core.bodies
DATA_UPLOAD_MAX_NUMBER_FILES = 5_000  # one form per shareholder

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "nb"
LANGUAGES = [("nb", _("Bokmål")), ("nn", _("Nynorsk")), ("en", _("Engelsk"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Oslo"
USE_TZ = True

# --- Files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False  # fonts and styles are for our own pages
STORAGES = {
    **configuration.storages(env, data=DATA_DIR, is_local=LOCAL),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Backups ----------------------------------------------------------------------------------------------------------
BACKUP_DIR = env.path("BACKUP_DIR", default=DATA_DIR / "backups")
BACKUP_RECIPIENTS = env.list("BACKUP_RECIPIENTS", example="age1…, the public key of whoever may read them", default=())
BACKUP_WITHIN_HOURS = env.integer("BACKUP_WITHIN_HOURS", default=0 if LOCAL else 26, minimum=0, maximum=24 * 31)
"""Hours after which the overview misses a backup; 0 where backups are made by other means."""
POSTGRES_PROGRAMS = env.optional("POSTGRES_PROGRAMS")  # the folder of pg_dump and pg_restore

# --- The audit trail --------------------------------------------------------------------------------------------------
AUDIT_ANCHORS = env.path("AUDIT_ANCHORS", default=DATA_DIR / "audit-anchors")
AUDIT_ANCHOR_MAIL = env.optional("AUDIT_ANCHOR_MAIL") or ""
"""Who gets the newest anchor each day, and is told when the trail does not fit."""
TRAIL_RECEIVER = receiver.read(env, is_local=LOCAL)
"""Where the trail is delivered to, row after row."""

# --- Acts that take two persons ---------------------------------------------------------------------------------------
TWO_PERSONS = two_persons.read(env)
TWO_PERSONS_ASKING_ABOVE = env.integer("TWO_PERSONS_ASKING_ABOVE", default=100, minimum=1, maximum=100_000)
"""With the rule `asking`: so many customers may one person ask alone."""
TWO_PERSONS_DAYS = env.integer("TWO_PERSONS_DAYS", default=7, minimum=1, maximum=90)
"""So long a proposal stands."""
ALARMS = alarm_limits.read(env)
"""From how much on the trail's newest hour is an alarm."""

DORMANT_DAYS = alarm_limits.dormant_days(env)
"""Days without use after which an account is closed by itself; 0 for never."""

# --- Mail -------------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "MAIL_FROM", example="portal@example.no", default="portal@localhost" if LOCAL else None
)
EMAIL_SUBJECT_PREFIX = ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
EMAIL_BACKEND = "portal.core.outbox.put.OutboxBackend"  # no process but the worker ever waits for a mail server
if LOCAL:
    OUTBOX_MAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
else:
    OUTBOX_MAIL_BACKEND = "portal.core.outbox.mail.SmtpBackend"
    EMAIL_HOST = env.text("MAIL_HOST", example="smtp.example.no")
    EMAIL_PORT = env.integer("MAIL_PORT", default=587, minimum=1, maximum=65535)
    EMAIL_HOST_USER = env.optional("MAIL_USER") or ""
    EMAIL_HOST_PASSWORD = env.optional("MAIL_PASSWORD") or ""
    EMAIL_USE_TLS = env.bool("MAIL_TLS", default=True)
    EMAIL_TIMEOUT = 20
    mail = f"smtp{'+tls' if EMAIL_USE_TLS else ''}://{EMAIL_HOST}"
    servers.check_all(env, DATABASE_URL=DATABASE_URL, REDIS_URL=REDIS_URL, TRACES_URL=TRACES_URL, MAIL_HOST=mail)
DNS_SERVER = ""  # host:port of the name server that is asked about the sender's domain; "" for the machine's own

# --- Work in the background -------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_BROKER_USE_SSL = (  # Celery's own default believes any certificate
    {"ssl_cert_reqs": "required", "ssl_check_hostname": True} if REDIS_URL.startswith("rediss://") else None
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60 * 60,  # seconds; longer than any task may run; the rows say when they are tried again
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "global_keyprefix": "portal:",
}
# Sweeps enqueue again.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_QUEUES = queues.all_queues()
CELERY_TASK_DEFAULT_QUEUE = queues.Purpose.DEFAULT.value
CELERY_TASK_ROUTES = queues.routes()
CELERY_TASK_SOFT_TIME_LIMIT = 5 * 60
CELERY_TASK_TIME_LIMIT = 6 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")

WEBHOOK_PRIVATE_HOSTS = servers.private_hosts(env, is_local=LOCAL)
"""Hosts that webhooks may lead to although they are on a network of one's own. See portal.core.webhooks.addresses."""
CALLS_A_SECOND: dict[str, int] = {
    "SANDBOX": 2_000,  # enough for a machine of one's own
    "TEST": env.integer("CALLS_A_SECOND_TEST", default=5, minimum=1, maximum=1_000),
    "PRODUCTION": env.integer("CALLS_A_SECOND", default=20, minimum=1, maximum=10_000),
}
"""Calls to one host outside, by all our processes together: see portal.core.budgets."""

HEARTBEAT_LIMIT = env.integer("HEARTBEAT_LIMIT", default=60, minimum=10, maximum=3600)
"""Seconds without a heartbeat after which pages and /readyz say that no background work is done."""

METRICS_VIEW = "portal.desk.operation.metrics.view"
METRICS_TOKEN = env.token("METRICS_TOKEN", minimum=20)
"""With it, /metrics gives the operator's numbers to whoever sends it; without it, the address does not exist."""

KEPT = periods.read(env)
"""How long each kind of data is kept: days, or years after the end of the year; 0 without end."""

CELERY_BEAT_SCHEDULE = timetable(heartbeat_limit=HEARTBEAT_LIMIT)

# --- Logs -------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("LOG_LEVEL", among=("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
LOGGING = logging.configuration(level=LOG_LEVEL, as_json=env.bool("LOG_JSON", default=not LOCAL))
