"""dlib's face embedding in torch: it is dlib's, it has a gradient, and the generator's last stage learns by it."""

import dlib
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from test_training import arguments, losses, run

from facegen import registry
from facegen.evaluation.instruments.faceid import FaceFinder
from facegen.networks.facenet import FaceNet, face_network
from facegen.training.run import TrainingError


@pytest.fixture(scope="module")
def network():
    return face_network()


@pytest.fixture(scope="module")
def faces_drawn():
    """Four people of the embedded checkpoint, uint8 (4, 128, 128, 3)."""
    model = registry.load("checkpoints/default")
    drawn = model.sketch(model.identity(range(4)), torch.zeros(4, len(model.config.attributes)))
    return ((drawn + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def tensor(images):
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


def test_chips_are_embedded_as_dlib_does(network, faces_drawn):
    finder = FaceFinder()
    chips = [dlib.get_face_chip(face, finder.landmarks(face, finder.find(face))) for face in faces_drawn]
    ours = network.chips(tensor(chips))[-1].flatten(1).numpy()
    theirs = np.array([finder.network.compute_face_descriptor(chip) for chip in chips])
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    # Cut out at a fixed place, a face is still nearer to its own chip than to anybody else's.
    fixed = network.embedding(tensor(faces_drawn) / 127.5 - 1).numpy()
    apart = np.linalg.norm(fixed[:, None] - theirs[None], axis=2)
    assert (apart.argmin(1) == np.arange(len(chips))).all()
    assert apart.diagonal().max() < 0.35 < np.sort(apart, 1)[:, 1].min()


def test_a_face_can_be_moved_toward_another_person(network, faces_drawn):
    faces = tensor(faces_drawn) / 127.5 - 1
    target = network.embedding(faces[1:2])
    face = faces[:1].clone().requires_grad_()
    before = (network.embedding(face) - target).norm()
    before.backward()
    with torch.no_grad():
        moved = face - 2.0 * face.grad / face.grad.norm()
        assert (network.embedding(moved) - target).norm() < 0.9 * before


def test_another_file_is_refused(tmp_path):
    file = tmp_path / "other.dat"
    file.write_bytes(bytes(1000))
    with pytest.raises(TrainingError, match="isn't dlib_face_recognition_resnet_model_v1.dat"):
        FaceNet(file)


def test_the_decoder_trains_by_it(faces, tmp_path):
    more = ["--set", "face_adversarial=0.3", "--set", "identity=1", "--set", "adversarial=0", "--set", "prior_views=1"]
    run(*arguments(faces, tmp_path, (20, 2, 2, 10)), *more)
    folder = tmp_path / "000-default"
    assert min(losses(folder, "adversarial/faces adversarial")) > 0 and min(losses(folder, "adversarial/identity")) > 0
    assert min(losses(folder, "autoencoder/identity")) > 0  # both what codes hold and what is drawn of them
    assert not losses(folder, "adversarial/real-drawn")  # no discriminator of pixels, as asked
    kept = load_file(folder / "checkpoint_training/model.safetensors")
    assert (kept["face_discriminator.scale"] != 1).all()  # in units of the photographs' features
    run(*arguments(faces, tmp_path / "again", (0, 0, 0, 1)), *more, "--start-from", folder / "checkpoint")
    again = load_file(tmp_path / "again/000-default/checkpoint_training/model.safetensors")
    torch.testing.assert_close(again["face_discriminator.scale"], kept["face_discriminator.scale"])
