"""Gives libpq 18 a token for OAUTHBEARER where the library itself would start a device flow (libpq
documentation, 32.20, OAuth support: PQsetAuthDataHook)."""

import ctypes
import pathlib

import psycopg

OAUTH_BEARER_TOKEN = 1


class Request(ctypes.Structure):
    """PGoauthBearerRequest."""

    _fields_ = [
        ("openid_configuration", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("asynchronous", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p),
        ("token", ctypes.c_char_p),
        ("user", ctypes.c_void_p),
    ]


Hook = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)

# Both are read by C for as long as the process runs.
kept = []


def install(token):
    packages = pathlib.Path(psycopg.__file__).parent.parent
    libpq = ctypes.CDLL(str(next(packages.glob("psycopg_binary.libs/libpq-*"))))
    value = token.encode()

    @Hook
    def hook(kind, _connection, data):
        if kind != OAUTH_BEARER_TOKEN:
            return 0
        Request.from_address(data).token = value
        return 1

    kept.extend((value, hook))
    libpq.PQsetAuthDataHook(hook)
