"""Who gets which setting; and what simulated people are kept away from."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import ConfigurationError
from local.plan import WANTED_PORTS, WORKERS, Mode, Plan
from local.ports import PortChoice
from local.services import stand_ins, web, workers
from local.state import Secrets

URL = "postgresql+psycopg://app@127.0.0.1/troupe"


def plan(mode: Mode = Mode.UP, **given: str) -> Plan:
    ports = {name: PortChoice(name, 5000 + n, 5000 + n) for n, name in enumerate(WANTED_PORTS)}
    made = Plan(Path("/data"), mode, given, ports, Secrets("k" * 32, "whsec_x", "sk_test_x"))
    made.check()
    return made


@pytest.mark.parametrize("mode", [Mode.SAMPLE, Mode.DEMO])
@pytest.mark.parametrize(
    "given",
    [
        {"TROUPE_SMTP_HOST": "smtp.brand.example"},
        {"TROUPE_STRIPE_KEY": "sk_live_1"},
        {"TROUPE_YOUTUBE_KEY": "key"},
    ],
)
def test_simulated_people_refuse_to_run_beside_the_real_world(
    mode: Mode, given: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match="simulated people"):
        plan(mode, **given)
    plan(Mode.UP, **given)


def test_only_the_payout_worker_is_given_the_stripe_key() -> None:
    made = plan(TROUPE_STRIPE_KEY="rk_test_ours")
    holders = [
        child.name
        for child in [web(made, URL), *workers(made, URL), *stand_ins(made)]
        if "rk_test_ours" in str(child)
    ]
    assert holders == ["worker-payouts"]


def test_a_file_with_the_key_is_named_to_the_payout_worker_alone(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("rk_test_ours")
    made = plan(TROUPE_STRIPE_KEY_FILE=str(file), TROUPE_STRIPE_WEBHOOK_SECRET_FILE="own/secret")
    children = [web(made, URL), *workers(made, URL), *stand_ins(made)]
    assert [child.name for child in children if str(file) in str(child)] == ["worker-payouts"]
    secret = str(Path("own/secret").resolve())
    assert [child.name for child in children if secret in str(child)] == ["web"]
    assert "TROUPE_STRIPE_API_BASE" not in made.worker_settings("worker-payouts")
    # The doctor looks at the file, whoever runs it may read it or not.
    assert made.stripe_key_files() == {"TROUPE_STRIPE_KEY_FILE": str(file)}
    assert plan(TROUPE_STRIPE_KEY="rk_test_ours").stripe_key_files() == {}


def test_beside_simulated_people_no_key_in_a_file_is_a_live_one_now_or_later(
    tmp_path: Path,
) -> None:
    file = tmp_path / "key"
    with pytest.raises(ConfigurationError, match="is not there"):
        plan(Mode.DEMO, TROUPE_STRIPE_KEY_FILE=str(file))
    file.write_text("rk_live_ours")
    with pytest.raises(ConfigurationError, match="simulated people"):
        plan(Mode.DEMO, TROUPE_STRIPE_KEY_FILE=str(file))
    file.write_text("rk_test_ours")
    made = plan(Mode.DEMO, TROUPE_STRIPE_KEY_FILE=str(file))
    assert made.worker_settings("worker-payouts")["TROUPE_STRIPE_MODE"] == "test"


def test_the_brands_rate_card_reaches_the_worker_that_quotes_from_anywhere() -> None:
    made = plan(TROUPE_RATE_CARD="own/card.yaml")
    settings = {child.name: child.environment for child in workers(made, URL)}
    quoting = next(name for name, queues in WORKERS.items() if "vetting" in queues)
    assert settings[quoting]["TROUPE_RATE_CARD"] == str(Path("own/card.yaml").resolve())


def test_every_queue_has_exactly_one_worker() -> None:
    queues = [queue for names in WORKERS.values() for queue in names]
    assert sorted(queues) == ["outreach", "payouts", "publication", "vetting", "workflows"]


def test_a_stand_in_is_left_out_where_the_real_one_is_set() -> None:
    assert {child.name for child in stand_ins(plan())} == {"mail", "stripe", "social"}
    real = plan(
        TROUPE_SMTP_HOST="smtp.brand.example",
        TROUPE_STRIPE_KEY="sk_test_ours",
        TROUPE_YOUTUBE_KEY="key",
    )
    assert stand_ins(real) == []
    assert "TROUPE_STRIPE_API_BASE" not in real.worker_settings("worker-payouts")


def test_an_own_temporal_is_used_with_all_its_settings() -> None:
    own = plan(TEMPORAL_ADDRESS="cluster.example:7233", TEMPORAL_API_KEY="key")
    settings = own.shared_settings(URL)
    assert settings["TEMPORAL_ADDRESS"] == "cluster.example:7233"
    assert settings["TEMPORAL_API_KEY"] == "key"
    assert own.temporal_ui == ""
    assert plan().shared_settings(URL)["TEMPORAL_ADDRESS"].startswith("127.0.0.1:")
    assert plan().temporal_ui
