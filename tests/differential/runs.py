"""The agents of tests/differential.rs, written with the Python SDK."""

import asyncio
import sys

from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrail,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from pydantic import BaseModel, Field

MODEL = "gpt-4.1"


@function_tool
def get_weather(city: str) -> str:
    """Look up the weather for a city.

    Args:
        city: City name.
    """
    return f"Rain in {city}."


@function_tool(needs_approval=True)
def delete_all() -> str:
    """Deletes everything."""
    return "gone"


class Report(BaseModel):
    sky: str = Field(description="The sky.")
    degrees: int


async def pass_all(ctx, agent, input):
    return GuardrailFunctionOutput(output_info=None, tripwire_triggered=False)


async def run(agent, input):
    """Runs streamed, as the Rust runtime always does."""
    result = Runner.run_streamed(agent, input)
    async for _ in result.stream_events():
        pass
    return result


async def tools():
    agent = Agent(name="Assistant", instructions="Be brief.", model=MODEL, tools=[get_weather])
    await run(agent, "Weather?")


async def handoff():
    desk = Agent(name="Desk Two", model=MODEL, instructions="Help.", handoff_description="Helps.")
    agent = Agent(
        name="Desk One",
        model=MODEL,
        instructions="Sort.",
        handoffs=[desk],
        input_guardrails=[InputGuardrail(guardrail_function=pass_all)],
    )
    await run(agent, "Help me")


async def structured():
    agent = Agent(name="Reporter", model=MODEL, output_type=Report, tools=[get_weather])
    await run(agent, "Report")


async def approval():
    agent = Agent(name="Cleaner", model=MODEL, tools=[delete_all])
    result = await run(agent, "Clean up")
    state = result.to_state()
    state.reject(result.interruptions[0])
    await run(agent, state)


async def nested():
    inner = Agent(name="Inner", model=MODEL, instructions="Translate.")
    tool = inner.as_tool("translate", "Translates a text.")
    agent = Agent(name="Outer", model=MODEL, tools=[tool])
    await run(agent, "Translate it")


set_tracing_disabled(True)
asyncio.run(globals()[sys.argv[1]]())
