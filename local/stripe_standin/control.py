"""The control plane under ``/_standin/``: faults, what was done, and what a person would click.

For tests, the demonstration and reconciliation. Not part of Stripe, and without a key: the
stand-in listens on this machine only and moves no money.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.stripe_standin import forms, shapes
from local.stripe_standin.deliveries import Deliveries
from local.stripe_standin.errors import ApiError
from local.stripe_standin.pipeline import Pipeline

Handler = Callable[[Request], Awaitable[Response]]


def control_routes(pipeline: Pipeline, deliveries: Deliveries) -> list[Route]:
    """The control plane over a running stand-in."""
    readers = _readers(pipeline, deliveries)
    writers = _writers(pipeline) | _money_writers(pipeline) | _news_writers(pipeline, deliveries)
    return [Route(f"/_standin/{path}", run) for path, run in readers.items()] + [
        Route(f"/_standin/{path}", _answering(run, deliveries), methods=[method])
        for (method, path), run in writers.items()
    ]


def _readers(pipeline: Pipeline, deliveries: Deliveries) -> dict[str, Handler]:
    state = pipeline.operations.state

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok", "what": "simulated - not Stripe"})

    async def transfers(request: Request) -> Response:
        return JSONResponse(state.transfers())

    async def accounts(request: Request) -> Response:
        return JSONResponse(state.accounts())

    async def webhooks(request: Request) -> Response:
        return JSONResponse({"paused": deliveries.paused, "events": state.deliveries()})

    async def requests(request: Request) -> Response:
        return JSONResponse(list(pipeline.log))

    async def faults(request: Request) -> Response:
        return JSONResponse(pipeline.faults.listed())

    return {
        "health": health,
        "transfers": transfers,
        "accounts": accounts,
        "webhooks": webhooks,
        "requests": requests,
        "faults": faults,
    }


def _writers(pipeline: Pipeline) -> dict[tuple[str, str], Handler]:
    operations, state, faults = pipeline.operations, pipeline.operations.state, pipeline.faults

    def capability(status: str, reason: str = "") -> Handler:
        async def run(request: Request) -> Response:
            with state.transaction():
                body = operations.set_capability(request.path_params["id"], status, reason)
            return JSONResponse(body)

        return run

    async def close(request: Request) -> Response:
        with state.transaction():
            return JSONResponse(operations.close_account(request.path_params["id"]))

    async def payouts(request: Request) -> Response:
        status = str(forms.parse_json(await request.body())["status"])
        with state.transaction():
            return JSONResponse(operations.set_payouts(request.path_params["id"], status))

    async def limits(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            return JSONResponse(operations.set_limits(request.path_params["id"], wanted))

    async def plan(request: Request) -> Response:
        faults.add(forms.parse_json(await request.body()))
        return JSONResponse(faults.listed())

    async def heal(request: Request) -> Response:
        faults.clear()
        return JSONResponse([])

    async def key(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        pipeline.key = str(wanted["key"])
        operations.own_account = str(wanted.get("account") or shapes.OWN_ACCOUNT)
        return JSONResponse({})

    return {
        ("POST", "accounts/{id}/onboard"): capability("active"),
        ("POST", "accounts/{id}/restrict"): capability("restricted", "restricted_other"),
        ("POST", "accounts/{id}/reject"): capability("rejected", "rejected_fraud"),
        ("POST", "accounts/{id}/payouts"): payouts,
        ("POST", "accounts/{id}/limits"): limits,
        ("POST", "accounts/{id}/close"): close,
        ("POST", "faults"): plan,
        ("DELETE", "faults"): heal,
        ("POST", "key"): key,
    }


def _news_writers(
    pipeline: Pipeline, deliveries: Deliveries
) -> dict[tuple[str, str], Handler]:  # fmt: skip
    state = pipeline.operations.state

    async def pause(request: Request) -> Response:
        deliveries.paused = bool(forms.parse_json(await request.body()).get("paused"))
        return JSONResponse({"paused": deliveries.paused})

    async def lose(request: Request) -> Response:
        with state.transaction():
            return JSONResponse({"lost": state.lose()})

    async def redeliver(request: Request) -> Response:
        with state.transaction():
            found = state.redeliver(request.path_params["id"])
        return JSONResponse({"found": found}, 200 if found else 404)

    async def forget(request: Request) -> Response:
        if pipeline.under_way:
            return JSONResponse({"under_way": pipeline.under_way}, 409)
        wanted = forms.parse_json(await request.body())
        pipeline.key, deliveries.url = str(wanted["key"]), str(wanted["webhook_url"])
        pipeline.operations.own_account, deliveries.paused = shapes.OWN_ACCOUNT, False
        pipeline.faults.clear()
        pipeline.log.clear()
        with state.transaction():
            state.forget()
        return JSONResponse({})

    return {
        ("POST", "webhooks"): pause,
        ("POST", "events/lose"): lose,
        ("POST", "events/{id}/redeliver"): redeliver,
        ("POST", "forget"): forget,
    }


def _money_writers(pipeline: Pipeline) -> dict[tuple[str, str], Handler]:
    operations, state = pipeline.operations, pipeline.operations.state

    async def balance(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            owner = str(wanted.get("account", ""))
            state.set_balance(owner, str(wanted["currency"]).lower(), int(wanted["amount"]))
        return JSONResponse(state.balance(owner))

    async def top_up(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            operations.top_up(str(wanted["currency"]).lower(), int(wanted["amount"]))
        return JSONResponse(state.balance(""))

    async def line(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            return JSONResponse(operations.book.by_hand(wanted))

    async def pay_out(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            body = operations.bank.pay_out(
                request.path_params["id"], str(wanted["currency"]).lower()
            )
        return JSONResponse(body)

    async def fail(request: Request) -> Response:
        code = str(forms.parse_json(await request.body()).get("code", "account_closed"))
        with state.transaction():
            return JSONResponse(operations.bank.fail(request.path_params["id"], code))

    async def cancel(request: Request) -> Response:
        with state.transaction():
            body = operations.bank.fail(request.path_params["id"], "", canceled=True)
        return JSONResponse(body)

    async def reverse(request: Request) -> Response:
        wanted = forms.parse_json(await request.body())
        with state.transaction():
            body = operations.reverse_transfer(request.path_params["id"], int(wanted["amount"]))
        return JSONResponse(body)

    return {
        ("POST", "balance"): balance,
        ("POST", "top-up"): top_up,
        ("POST", "lines"): line,
        ("POST", "transfers/{id}/reverse"): reverse,
        ("POST", "accounts/{id}/payout"): pay_out,
        ("POST", "payouts/{id}/fail"): fail,
        ("POST", "payouts/{id}/cancel"): cancel,
    }


def _answering(run: Handler, deliveries: Deliveries) -> Handler:
    async def guarded(request: Request) -> Response:
        try:
            answer = await run(request)
            deliveries.wake()
            return answer
        except ApiError as error:
            return JSONResponse(error.body, error.status)
        except (KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": {"message": str(error)}}, 400)

    return guarded
