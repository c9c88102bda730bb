"""Our code that talks to outside services: one class a service, one method an endpoint, one frozen dataclass a reply.

httpx and PyJWT only: no Django, no models. Errors are the three families of `errors`; nothing is retried here.
"""
