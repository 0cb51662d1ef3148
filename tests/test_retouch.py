"""The flow learns from photographs' codes, moved until a classifier reads what photographs seldom show."""

from dataclasses import replace

import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from test_training import arguments, mistake_at_last, run

from facegen import hub, registry
from facegen.attributes import encode
from facegen.data.readers import read_dataset
from facegen.drawing.generator import GeneratorConfig
from facegen.training import losses
from facegen.training.batches import TELLING
from facegen.training.default.flow import flow_stage
from facegen.training.default.rare_people import MORE, attribute_vectors, retouched_codes
from facegen.training.default.trainer import FaceTrainer, FaceTrainingConfig
from facegen.training.run import Run

SMALL = GeneratorConfig(
    attributes=["black_hair", "blond_hair", "male", "smiling"], identity_dim=8, channels=[16, 16, 16, 16], prior_width=16, prior_hidden=16,
    prior_blocks=1, guide_width=0,
)  # fmt: skip


def small_trainer(faces, tmp_path, attributes=SMALL.attributes, **more):
    config = FaceTrainingConfig(generator=replace(SMALL, attributes=list(attributes)), batch=16, prior_batch=32, prior_views=0, **more)
    trainer = FaceTrainer(config, [read_dataset(faces)], Run(tmp_path / "run"), tmp_path / "cache", None, registry.load_classifier(), Accelerator(cpu=True))
    torch.manual_seed(0)
    return trainer


def test_an_attribute_vector_is_what_the_attribute_adds():
    torch.manual_seed(0)
    labels = torch.randint(0, 2, (4000, 3)) * 2.0 - 1
    labels[:, 1] = torch.where(torch.rand(4000) < 0.8, labels[:, 0], labels[:, 1])  # the two go together, but only the first adds much
    adds = torch.tensor([[2.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0]])
    vectors = attribute_vectors(labels @ adds + 0.3 * torch.randn(4000, 4) + 1.0, labels)
    torch.testing.assert_close(vectors, adds, atol=0.05, rtol=0)


def test_faces_read_back_as_asked_for_and_are_made_once(faces, pipe, tmp_path):
    generator, names = pipe.generator, pipe.generator.config.attributes
    trainer = small_trainer(faces, tmp_path, names, retouched=64)
    trainer.average = generator  # whose decoder draws faces
    # In place of photographs' codes: those of women of whom none smiles, and of smiling men.
    said = [{"male": i % 2 == 0, "smiling": i % 2 == 0, "blond_hair": i % 3 == 0, "eyeglasses": i % 5 == 0} for i in range(96)]
    starts = torch.tensor([encode(each, names) for each in said])
    photographs = generator.appearance(generator.identity(range(96)), starts)
    codes, labels, asked = retouched_codes(trainer, photographs, starts, 64)
    assert 0 < len(codes) <= 64 * (1 + MORE) and codes.shape[1] == 256 and labels.shape == asked.shape == (len(codes), len(names))
    said = asked != 0
    assert said.any() and torch.equal(labels[said], asked[said])  # what was asked for, and more that is seen
    assert (labels != asked).any()
    told = [name for name in TELLING if name in names]
    seen = trainer.judge.probabilities(generator.decoder(codes, asked))[:, [trainer.judge.attributes.index(name) for name in told]]
    assert ((seen - 0.5) * asked[:, [names.index(name) for name in told]]).min() > -0.02  # whose face doesn't read back is left out
    assert (torch.cdist(codes, photographs).amin(1) > 1).any()  # and some are moved

    again = retouched_codes(trainer, photographs, starts, 64)  # as a run that is resumed does
    torch.testing.assert_close(again[0], codes)


def test_the_flow_is_always_told_what_they_were_asked_for(faces, tmp_path, monkeypatch):
    trainer = small_trainer(faces, tmp_path, retouched=64, retouched_share=1.0, drop_all=0.0, drop_each=0.9, prior_code_noise=0.0)
    shown, told, learn = [], [], losses.flow_matching

    def listening(flow, codes, attributes):
        shown.append(codes)
        told.append(attributes)
        return learn(flow, codes, attributes)

    monkeypatch.setattr(losses, "flow_matching", listening)
    step = flow_stage(trainer, "prior")
    for i in range(4):
        step(i)
    kept = load_file(trainer.run.folder / "retouched.safetensors")
    codes, labels, asked = kept["codes"], kept["labels"], kept["asked"]
    left_out, told_of_rest = 0, 0
    for code, said in zip(torch.cat(shown), torch.cat(told), strict=True):
        same = ((codes - code).abs().amax(1) < 1e-5).nonzero()[:, 0]  # a photograph that need not be moved may be asked for twice
        heard = [i for i in same if torch.equal(said[asked[i] != 0], asked[i][asked[i] != 0])]
        assert heard and (asked[heard[0]] != 0).any()
        if len(same) == 1:
            rest = (asked[same[0]] == 0) & (labels[same[0]] != 0)
            assert torch.equal(said[rest], labels[same[0]][rest] * (said[rest] != 0))  # as it reads,
            left_out, told_of_rest = left_out + int((said[rest] == 0).sum()), told_of_rest + int((said[rest] != 0).sum())
    assert left_out and told_of_rest  # or left out


def test_it_needs_a_classifier_and_a_run_keeps_what_it_made(faces, tmp_path):
    more = ["--set", "retouched=32", "--set", "prior_batch=32", "--set", "prior_views=0", "--set", "refine_steps=1"]
    assert "retouched is 32, but no classifier tells" in mistake_at_last(*arguments(faces, tmp_path, (0, 4, 0, 0)), *more)
    assert "retouched_share = 1.5: " in mistake_at_last(*arguments(faces, tmp_path, (0, 4, 0, 0)), *more, "--set", "retouched_share=1.5")
    run(*arguments(faces, tmp_path / "judged", (2, 4, 0, 0)), *more, "--judge", hub.embedded("classifier"))
    kept = load_file(next((tmp_path / "judged").glob("*/retouched.safetensors")))
    assert set(kept) == {"codes", "labels", "asked"} and kept["codes"].shape[1] == 8
