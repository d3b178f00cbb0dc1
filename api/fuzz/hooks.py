"""What a generator of cases cannot know of a world: a pot that is there, and Wave's secret."""

import hashlib
import hmac
import os
import time

import requests
import schemathesis

POT = os.environ["FUZZ_POT"]
SECRET = os.environ.get("FUZZ_WAVE_SECRET", "")


@schemathesis.hook
def map_body(context, body):
    """Every second gift goes to a pot that takes it: without that, none would come further than its address."""
    if context.operation.path != "/api/payments/donate" or not isinstance(body, dict):
        return body
    if isinstance(body.get("pot"), str) and len(repr(body)) % 2 == 0:
        body = {**body, "pot": POT}
        # No random text is a telephone number.
        body.pop("phone", None)
    return body


class Signed(requests.auth.AuthBase):
    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        now = str(int(time.time()))
        digest = hmac.new(SECRET.encode(), now.encode() + body, hashlib.sha256).hexdigest()
        request.headers["wave-signature"] = f"t={now},v1={digest}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    """As Wave, each body is signed as it goes out."""
    if SECRET and case.operation.path == "/api/payments/webhook":
        kwargs["auth"] = Signed()
