# make demo    a whole campaign in about a minute, with simulated people; needs nothing running
# make up      Troupe for real people on this machine; SAMPLE=1 loads an example
# make test    lint, types and all tests      make bench   how fast it is
# make prove-money   kill -9 at every step of a payment, and money in any order: always one transfer
# DATA=folder  another data folder            SEED=n       another course of the demo, or of the proof

PYTHON ?=
DATA ?=
SAMPLE ?=
SEED ?=
ARGS ?=
troupe = PYTHON="$(PYTHON)" sh ./troupe

.PHONY: help demo up test bench prove-money lint lock clean

help:
	@sed -n 's/^# //p' Makefile

demo:
	@$(troupe) demo $(if $(SEED),--seed "$(SEED)") $(if $(DATA),--data "$(DATA)") $(ARGS)

up:
	@$(troupe) up $(if $(SAMPLE),--sample) $(if $(DATA),--data "$(DATA)") $(ARGS)

test:
	@PYTHON="$(PYTHON)" sh local/bootstrap.sh --dev
	@sh local/check.sh

lint:
	@PYTHON="$(PYTHON)" sh local/bootstrap.sh --dev
	@sh local/check.sh lint

bench:
	@PYTHON="$(PYTHON)" sh local/bootstrap.sh --dev
	@.venv/bin/python -m bench $(ARGS)

prove-money:
	@PYTHON="$(PYTHON)" sh local/bootstrap.sh
	@.venv/bin/python -m local.proof $(if $(SEED),--seed "$(SEED)") $(ARGS)

lock:
	@PYTHON="$(PYTHON)" sh local/bootstrap.sh
	@sh local/lock.sh

# Data folders are not removed: `rm -r .troupe` does that, when nothing runs on it.
clean:
	@rm -rf .venv .venv-setup.log .mypy_cache .ruff_cache .pytest_cache .hypothesis out
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
