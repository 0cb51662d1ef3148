"""The flow learns from codes retouched until a classifier reads what photographs seldom show."""

import torch
from accelerate import Accelerator
from safetensors.torch import load_file
from test_training import arguments, mistake_at_last, run

from facegen import hub
from facegen.classifier import load_classifier
from facegen.data.readers import read_dataset
from facegen.generator import GeneratorConfig
from facegen.training import losses
from facegen.training.faces import FaceTrainer, FaceTrainingConfig
from facegen.training.flow import flow_stage
from facegen.training.retouch import retouched_codes
from facegen.training.run import Run

SMALL = GeneratorConfig(
    attributes=["black_hair", "blond_hair", "male", "smiling"], identity_dim=8, channels=[16, 16, 16, 16], prior_width=16, prior_hidden=16,
    prior_blocks=1, guide_width=0,
)  # fmt: skip


def small_trainer(faces, tmp_path, **more):
    config = FaceTrainingConfig(generator=SMALL, batch=16, prior_batch=32, prior_views=0, **more)
    trainer = FaceTrainer(config, [read_dataset(faces)], Run(tmp_path / "run"), tmp_path / "cache", None, load_classifier(), Accelerator(cpu=True))
    torch.manual_seed(0)
    for parameter in trainer.average.decoder.parameters():
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    return trainer


@torch.no_grad()
def read_as_asked(trainer, codes, asked):
    """Mean log-likelihood of what was asked for, to the classifier that retouching asks."""
    return -losses.agreement(trainer.judge, trainer.average.decoder(codes, asked), asked, trainer.batches.names).item()


def test_faces_read_back_as_asked_for_and_are_made_once(faces, tmp_path):
    trainer = small_trainer(faces, tmp_path, retouched=96)
    codes, labels, asked = retouched_codes(trainer, 96)
    assert 0 < len(codes) <= 96 and codes.shape[1] == 8 and labels.shape == asked.shape == (len(codes), 4)
    said = asked != 0
    assert said.any() and torch.equal(labels[said], asked[said])  # what was asked for, and more that is seen
    with torch.no_grad():
        as_flowed = trainer.average.prior.flow(torch.randn_like(codes), asked, 1.0)
    assert read_as_asked(trainer, codes, asked) > read_as_asked(trainer, as_flowed, asked) + 0.02
    told = [trainer.judge.attributes.index(name) for name in SMALL.attributes]
    seen = trainer.judge.probabilities(trainer.average.decoder(codes, asked))[:, told]
    assert ((seen - 0.5) * asked).min() > -0.02  # whose face doesn't read back is left out

    again = retouched_codes(small_trainer(faces, tmp_path, retouched=96), 96)  # as a run that is resumed does
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
    codes, labels, asked = retouched_codes(trainer, 64)
    whose = torch.cdist(torch.cat(shown), codes).argmin(1)
    torch.testing.assert_close(codes[whose], torch.cat(shown))
    told, labels, asked = torch.cat(told), labels[whose], asked[whose]
    assert torch.equal(told[asked != 0], asked[asked != 0]) and (asked != 0).any()
    rest = (asked == 0) & (labels != 0)
    assert torch.equal(told[rest], labels[rest] * (told[rest] != 0))  # as it reads,
    assert 0 < (told[rest] != 0).float().mean() < 1  # or left out


def test_it_needs_a_classifier_and_a_run_keeps_what_it_made(faces, tmp_path):
    more = ["--set", "retouched=32", "--set", "prior_batch=32", "--set", "prior_views=0"]
    assert "retouched is 32, but no classifier tells" in mistake_at_last(*arguments(faces, tmp_path, (0, 4, 0, 0)), *more)
    assert "retouched_share = 1.5: " in mistake_at_last(*arguments(faces, tmp_path, (0, 4, 0, 0)), *more, "--set", "retouched_share=1.5")
    run(*arguments(faces, tmp_path / "judged", (2, 4, 0, 0)), *more, "--judge", hub.embedded("classifier"))
    kept = load_file(next((tmp_path / "judged").glob("*/retouched.safetensors")))
    assert set(kept) == {"codes", "labels", "asked"} and kept["codes"].shape[1] == 8
