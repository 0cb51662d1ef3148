"""VGG-Face's classifier: it learns, it starts from given weights, and what is frozen stays."""

import json

import pytest
import torch
from drawn_face import drawn_face
from safetensors.torch import load_file, save_file

from facegen import registry
from facegen.cli import main
from facegen.hub import CheckpointError
from facegen.networks.vggface import LAYERS, TORCHVISION, VGGFace, VGGFaceConfig, read_weights

SIZES = {"image_size": 32, "channels": [8, 8, 16, 16, 16], "hidden": 32}
NARROW = ["--set", f"model={json.dumps({**SIZES, 'attributes': ['black_hair', 'blond_hair'], 'dropout': 0.1})}"]


def train(faces, out, *settings) -> int:
    pairs = [x for pair in ("batch=16", *settings) for x in ("--set", pair)]
    return facegen("vggface", "--data", faces, "--out", out, "--cache", faces / "cache", *NARROW, *pairs)


def facegen(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", *map(str, arguments)])
    return stop.value.code or 0


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Weights of the narrow network in VGG's own names, with the 2,622 people's layer that is not wanted."""
    torch.manual_seed(0)
    tensors = {k: v for k, v in VGGFace(VGGFaceConfig(**SIZES)).state_dict().items() if not k.startswith("heads")}
    tensors["fc8.weight"] = torch.zeros(2622, 32)
    file = tmp_path_factory.mktemp("weights") / "vggface.safetensors"
    save_file(tensors, file)
    return file


def test_it_learns_hair_from_nothing(faces, tmp_path):
    assert train(faces, tmp_path, "steps=150", "learning_rate=0.004") == 0
    model = registry.load(tmp_path / "000-vggface/checkpoint", kinds=["facegen-vggface"])
    dark, fair = (
        torch.from_numpy(drawn_face(32, hair=h)).permute(2, 0, 1)[None] / 127.5 - 1 for h in ((40,) * 3, (200,) * 3)
    )
    assert model.probabilities(dark)[0, 0] > 0.5 > model.probabilities(fair)[0, 0]
    softmax = model.two_way(dark).softmax(2)[..., 1]
    torch.testing.assert_close(torch.sigmoid(model(dark)), softmax)  # the two-way head and its log-odds say the same


@pytest.mark.parametrize("unfreeze, trained", [("heads", ()), ("last", ("fc6", "fc7")), ("all", LAYERS)])
def test_only_what_is_unfrozen_moves(faces, weights, tmp_path, unfreeze, trained):
    assert train(faces, tmp_path, f"weights={weights}", f"unfreeze={unfreeze}", "steps=3") == 0
    before, after = load_file(weights), load_file(tmp_path / "000-vggface/state.safetensors")
    moved = {layer for layer in LAYERS if not torch.equal(before[f"{layer}.weight"], after[f"model.{layer}.weight"])}
    assert moved == set(trained)


def test_loaded_layers_learn_at_their_own_rate(faces, weights, tmp_path):
    assert train(faces, tmp_path, f"weights={weights}", "pretrained_factor=0", "steps=3") == 0
    before, after = load_file(weights), load_file(tmp_path / "000-vggface/state.safetensors")
    assert all(torch.equal(before[f"{layer}.weight"], after[f"model.{layer}.weight"]) for layer in LAYERS)


def test_weights_in_either_naming(weights, tmp_path):
    own = load_file(weights)
    other = {f"{TORCHVISION[k.split('.')[0]]}.{k.split('.')[1]}": v for k, v in own.items() if "fc8" not in k}
    # As Caffe's converters leave it: fc6 as a convolution over the last map.
    other["classifier.0.weight"] = other["classifier.0.weight"].view(32, 16, 1, 1).half()
    save_file(other, tmp_path / "torchvision.safetensors")
    model = VGGFace(VGGFaceConfig(**SIZES))
    for file in (weights, tmp_path / "torchvision.safetensors"):
        read = read_weights(file, model)
        assert set(read) == {f"{layer}.{part}" for layer in LAYERS for part in ("weight", "bias")}
        for name, tensor in read.items():
            torch.testing.assert_close(tensor, own[name], atol=1e-3, rtol=1e-3)


def test_weights_that_do_not_fit(weights, tmp_path):
    own, narrow = load_file(weights), VGGFace(VGGFaceConfig(**SIZES))
    torch.save(own, tmp_path / "vgg.safetensors")  # a pickle, whatever its name says
    with pytest.raises(CheckpointError, match="is a pickle"):
        read_weights(tmp_path / "vgg.safetensors", narrow)
    save_file({k: v for k, v in own.items() if k != "conv3_2.bias"}, tmp_path / "less.safetensors")
    with pytest.raises(CheckpointError, match=r"neither conv3_2\.bias nor features\.12\.bias"):
        read_weights(tmp_path / "less.safetensors", narrow)
    with pytest.raises(CheckpointError, match=r"fc6\.weight is \(32, 16\), where the network has \(32, 64\)"):
        read_weights(weights, VGGFace(VGGFaceConfig(**{**SIZES, "image_size": 64})))
    (tmp_path / "half.safetensors").write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(CheckpointError, match="truncated"):
        read_weights(tmp_path / "half.safetensors", narrow)
    with pytest.raises(CheckpointError, match="can't be read"):
        read_weights(tmp_path / "none.safetensors", narrow)


def test_a_header_whose_length_looks_like_a_pickle_is_none(tmp_path):
    """The first byte of safetensors is the header's length modulo 256: 0x80, a pickle's first byte, once in a while."""
    model = VGGFace(VGGFaceConfig(["male"], **SIZES))
    for pad in range(256):
        path = tmp_path / "weights.safetensors"
        save_file({k: v.contiguous() for k, v in model.state_dict().items()}, path, {"pad": "x" * pad})
        if path.read_bytes()[:1] == b"\x80":
            break
    assert path.read_bytes()[:1] == b"\x80"
    assert read_weights(path, model)


def test_people_first_then_attributes(faces, tmp_path, capsys):
    """The report's way: a network that tells people apart is fine-tuned. Here people differ by their hair."""
    (tmp_path / "set").mkdir()
    for name in ("images", "list_attr_celeba.txt"):
        (tmp_path / "set" / name).symlink_to(faces / name)
    sizes = ["--set", f"model={json.dumps({**SIZES, 'dropout': 0.1})}", "--set", "batch=16"]
    given = ["identify", "--data", tmp_path / "set", "--out", tmp_path, "--cache", tmp_path / "cache", *sizes]
    assert facegen(*given) == 2
    assert "identity.txt" in capsys.readouterr().err
    people = (f"{i:06d}.jpg {i % 2}{i // 24}\n" for i in range(48))
    (tmp_path / "set/identity.txt").write_text("".join(people))
    given += ["--set", "strangers=0.5"]  # one of each hair is kept apart
    assert facegen(*given, "--set", "steps=200", "--set", "learning_rate=0.004") == 0
    weights = tmp_path / "001-identify/weights.safetensors"
    assert f"checkpoint: {weights}" in capsys.readouterr().out
    log = [json.loads(x) for x in (tmp_path / "001-identify/log.jsonl").read_text().splitlines()]
    assert log[-1]["identify/right_validation"] > 0.9  # held-out photographs of the same people
    assert log[-1]["identify/verification_validation"] > 0.8  # the other two people

    assert train(faces, tmp_path, f"weights={weights}", "unfreeze=heads", "steps=3") == 0
    model = registry.load(tmp_path / "002-vggface/checkpoint", kinds=["facegen-vggface"])
    assert model.config.std == [64.0] * 3  # as the loaded weights were trained


@pytest.mark.parametrize("pair, words", [("unfreeze=heads", "learned nothing"), ("unfreeze=fc7", "heads, last or all")])
def test_mistakes_are_one_sentence(faces, tmp_path, pair, words, capsys):
    assert train(faces, tmp_path, pair) == 2
    (sentence,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Error")]
    assert words in sentence


def test_full_size_is_vgg_face():
    """Parkhi et al.: 13 convolutions, 3 dense layers, 145 million weights with 2,622 people, 134 million without."""
    with torch.device("meta"):
        model = VGGFace(VGGFaceConfig(attributes=["a"] * 73))
    assert model.fc6.weight.shape == (4096, 25088) and model.heads.weight.shape == (146, 4096)
    assert sum(p.numel() for n, p in model.named_parameters() if not n.startswith("heads")) == 134_260_544
