"""Asks a running `vlmprune serve` with the openai package, and says what went wrong.

    python3 scripts/openai_client.py http://127.0.0.1:8080 fixtures/images/scene.png

Exit status: 0, 1 where an answer is not as it should be, 77 where openai is not installed.
"""

import base64
import sys

try:
    import openai
except ImportError:
    print("openai is not installed: pip install openai")
    sys.exit(77)


def main(url, image):
    client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
    model = client.models.list().data[0].id
    with open(image, "rb") as file:
        data = base64.b64encode(file.read()).decode()
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "What colour is the star?"}, picture]}]
    options = {"model": model, "messages": messages, "max_tokens": 16, "extra_body": {"prune": {"keep": "25%"}}}

    whole = client.chat.completions.create(**options)
    text = whole.choices[0].message.content
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, whole
    assert whole.usage.prompt_tokens_details.cached_tokens >= 0, whole
    pruning = whole.model_extra["vlmprune"]
    assert 0 < pruning["visual_kept"] < pruning["visual_total"], pruning

    pieces, usage = [], None
    for chunk in client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **options):
        usage = chunk.usage or usage
        pieces += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(pieces) == text, (pieces, text)
    assert usage.prompt_tokens == whole.usage.prompt_tokens, usage

    for wrong, error, parameter in [
        ({"temperature": 3}, openai.BadRequestError, "temperature"),
        ({"model": "gpt-4o"}, openai.NotFoundError, "model"),
        ({"extra_body": {"prune": {"keep": 0}}}, openai.BadRequestError, "prune.keep"),
    ]:
        try:
            client.chat.completions.create(**{**options, **wrong})
        except error as failure:
            assert failure.param == parameter, failure
        else:
            raise AssertionError(f"{wrong} was not refused")
    print(f"openai {openai.__version__}: \"{text}\", kept {pruning['visual_kept']} of {pruning['visual_total']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
