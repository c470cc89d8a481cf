"""What one number per line cannot say: balance between the classes, and where it goes wrong."""

from promptflow.core import log_metric, tool


@tool
def summarise(labels: list, predictions: list, difficulties: list) -> dict:
    pairs = list(zip(labels, predictions, strict=True))
    classes = sorted(set(labels))
    plain = [pair for pair, kind in zip(pairs, difficulties, strict=True) if kind == "plain"]
    hard = [pair for pair, kind in zip(pairs, difficulties, strict=True) if kind != "plain"]
    metrics = {
        "accuracy": accuracy(pairs),
        "balanced_accuracy": mean(recall(pairs, each) for each in classes),
        "macro_f1": mean(f1(pairs, each) for each in classes),
        "unparsed_rate": mean(guess == "unparsed" for guess in predictions),
        "majority_class": max(mean(label == each for label in labels) for each in classes),
    }
    if plain and hard:
        metrics |= {"accuracy_plain": accuracy(plain), "accuracy_hard": accuracy(hard)}
    for each in classes:
        metrics[f"said_{each}"] = mean(guess == each for guess in predictions)
    for name, value in metrics.items():
        log_metric(name, value)
    return metrics


def accuracy(pairs: list) -> float:
    return mean(label == guess for label, guess in pairs)


def recall(pairs: list, of: str) -> float:
    return mean(guess == of for label, guess in pairs if label == of)


def precision(pairs: list, of: str) -> float:
    return mean(label == of for label, guess in pairs if guess == of)


def f1(pairs: list, of: str) -> float:
    found, right = recall(pairs, of), precision(pairs, of)
    return 2 * found * right / (found + right) if found + right else 0.0


def mean(values: object) -> float:
    """Return the mean; of nothing it is 0."""
    numbers = [float(value) for value in values]
    return sum(numbers) / len(numbers) if numbers else 0.0
