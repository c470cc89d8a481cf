from promptflow.core import ToolProvider, tool


class Speaker(ToolProvider):
    def __init__(self, greeting: str, times: int = 1):
        super().__init__()
        self.greeting = greeting
        self.times = times

    @tool
    def say(self, text: str, mark: str = "!") -> str:
        return f"{self.greeting * self.times} {text}{mark} ({type(self.times).__name__})"
