"""One provider over HTTP: requests as OpenAI words them, answers read, failures named."""
