"""``python -m web``: desk, portal, api and webhooks on one port."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    # Until everything is imported: to look for garbage among what stays takes a sixth of the start.
    gc.disable()

import argparse
import logging

import uvicorn

from integrations.fine import CLOSER_LOOK
from integrations.llm_reviewer import with_reviewer
from integrations.secret_source import SecretSource
from rendering.links import Links
from settings import Settings
from store.engine import make_engine
from web.app import create_app
from web.deps import Addresses, Deps
from web.sender import TemporalSender
from web.step_up import hook_of


def make_deps(settings: Settings) -> Deps:
    """What the web needs, from the settings; nothing is connected yet."""
    secret = settings.secret_key.get_secret_value()
    return Deps(
        engine=make_engine(settings.database_url.get_secret_value()),
        sender=TemporalSender(),
        links=Links(settings.public_url, secret),
        public_url=settings.public_url,
        secret=secret,
        webhook_secret=SecretSource(*settings.secret_at("stripe_webhook_secret")),
        addresses=Addresses(
            mail_catcher=settings.mail_catcher_url,
            temporal_ui=settings.temporal_ui_url,
            stripe=settings.stripe_api_base,
            social=settings.social_base,
        ),
        debtor=settings.debtor,
        rules=settings.house_rules,
        safety=with_reviewer(
            CLOSER_LOOK, settings.safety_llm_url, settings.safety_llm_model, settings.safety_llm_key
        ),
    )


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # Portal links carry a token in their path, so addresses are not logged.
    settings = Settings.from_environment()
    uvicorn.run(
        create_app(make_deps(settings), hook_of(settings.step_up)),
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    main()
