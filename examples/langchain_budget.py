"""LangChain: the calls of a chain are counted and held to a limit, without a change to the chain.

Run it without keys: `python examples/langchain_budget.py` plays Gemini with the sandbox. It needs
`pip install langchain-google-genai`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_google_genai import ChatGoogleGenerativeAI

import quotakeeper
from quotakeeper import Keeper
from quotakeeper.sandbox import Sandbox

MODEL = "gemini-3.5-flash-lite"
CONFIG = {
    "timezone": "UTC",
    "limit": [
        {"name": "each user", "per": "user", "meter": "requests", "window": "day", "amount": 2}
    ],
}


def chain_to(base_url: str, key: str) -> Any:
    """A prompt, a model and a parser, as in any program that uses LangChain."""
    prompt = ChatPromptTemplate.from_messages([("human", "Translate to Vietnamese: {text}")])
    model = ChatGoogleGenerativeAI(
        model=MODEL, api_key=key, base_url=base_url, max_output_tokens=256, max_retries=1
    )
    return prompt | model | StrOutputParser()


def main() -> None:
    """Ask for two users until the budget of one is used up, and show what each has cost."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        keeper = Keeper(Path(folder, "ledger.db"), CONFIG)
        chain = chain_to(sandbox.gemini_url, "any")
        with keeper, quotakeeper.watch(keeper, base_urls={_host(sandbox): "gemini"}) as watching:
            for user in ("an", "an", "an", "binh"):
                with keeper.tag(user=user):
                    try:
                        print(f"{user}: {chain.invoke({'text': '你好'})}")
                    except Exception as error:  # noqa: BLE001 - LangChain wraps what the library raises
                        print(f"{user}: refused: {type(error).__name__}")
            watching.flush()
            for row in keeper.usage(by=("scope.user", "model")):
                print(f"{' '.join(row.key)}: {row.calls} calls, ${row.cost_usd:.6f} (reported)")


def _host(sandbox: Sandbox) -> str:
    return sandbox.gemini_url.removeprefix("http://")


if __name__ == "__main__":
    main()
