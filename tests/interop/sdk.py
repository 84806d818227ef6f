"""Dodo's own library for Python, asked over standard input: {"verify": […]} or {"sign": […]}.

Answers a list with an entry for each: the event's type or the refusal; or the signature. What is
verified is also held against the library's own description of all events, field by field.
"""

import json
import sys
from datetime import datetime, timezone

from dodopayments import DodoPayments
from dodopayments.types import UnwrapWebhookEvent
from pydantic import TypeAdapter, ValidationError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

EVENTS = TypeAdapter(UnwrapWebhookEvent)


def verified(delivery: dict) -> dict:
    client = DodoPayments(bearer_token="none", webhook_key=delivery["secret"])
    try:
        event = client.webhooks.unwrap(delivery["body"], headers=delivery["headers"])
        EVENTS.validate_json(delivery["body"])
        return {"type": event.type}
    except (WebhookVerificationError, ValidationError) as error:
        return {"refused": str(error)}


def signed(wanted: dict) -> str:
    at = datetime.fromtimestamp(wanted["at"], tz=timezone.utc)
    return Webhook(wanted["secret"]).sign(wanted["id"], at, wanted["body"])


asked = json.load(sys.stdin)
answers = [verified(it) for it in asked["verify"]] if "verify" in asked else list(map(signed, asked["sign"]))
json.dump(answers, sys.stdout)
