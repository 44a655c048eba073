"""The container's file says each thing once: Compose refuses a key that is there twice, and most readers do not."""

import yaml

from tracker.testing.services import CHECKOUT


def find_repeated(node: yaml.Node | None, path: str = "") -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [found for item in node.value for found in find_repeated(item, path)]
    if not isinstance(node, yaml.MappingNode):
        return []
    names = [key.value for key, _ in node.value]
    repeated = [f"{path}/{name}" for name in set(names) if names.count(name) > 1]
    return repeated + [found for key, value in node.value for found in find_repeated(value, f"{path}/{key.value}")]


def test_no_key_of_the_compose_file_stands_twice():
    text = (CHECKOUT / "docker-compose.yml").read_text()
    assert find_repeated(yaml.compose(text)) == []
    assert find_repeated(yaml.compose("a: {b: 1, b: 2}")) == ["/a/b"]
