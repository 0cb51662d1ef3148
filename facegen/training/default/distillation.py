"""Third stage: the flow learns to end in a few large steps where it would with guidance and many small ones.

Guidance becomes an input (Meng et al. 2023), and each large step's average velocity is what is learned (Salimans &
Ho 2022, with all of a path's knots at once). Paths cost nothing but time: noise is free, and so is what is said.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.flow import adams
from facegen.training.default.state import State
from facegen.training.optim import anneal, average_gradients, update_average


def guided(said: Tensor, unsaid: Tensor, strength: Tensor | float) -> Tensor:
    """Velocity (n, d) guided by what was said, as long as without guidance.

    Longer ones end in codes longer than any photograph's, which are drawn garish (rescaled guidance, Lin et al. 2024,
    section 3.4).
    """
    towards = unsaid + strength * (said - unsaid)
    return towards * said.norm(dim=1, keepdim=True) / towards.norm(dim=1, keepdim=True).clamp(min=1e-6)


def knots(
    teacher: nn.Module, noise: Tensor, told: Tensor, untold: Tensor, strength: Tensor, large: int, small: int
) -> Tensor:
    """Where each of `large` steps should lead, (large + 1, n, d): the teacher's guided way in `small` times as many.

    Args:
        teacher: as `losses.flow_matching` takes it. noise: (n, d). strength: (n,), from 1 (no guidance) on.
        told, untold: (n, conditions), what was said, and what isn't guided away from.
    """
    one = torch.ones_like(strength)

    def velocity(x: Tensor, t: float) -> Tensor:
        both = x.new_full((2 * len(x),), t)
        v = teacher(torch.cat([x, x]), both, torch.cat([told, untold]), torch.cat([one, one]))
        return guided(*v.float().chunk(2), strength[:, None])

    return torch.stack(adams(velocity, noise, large * small)[::small])


def start(state: State) -> None:
    """The teacher is the flow as the second stage left it; so is the pupil's start."""
    state.teacher.load_state_dict(state.average.flow.state_dict())
    state.model.flow.load_state_dict(state.average.flow.state_dict())


def distillation(state: State):
    """The function of the step number that makes one step and returns its loss."""
    settings, accelerator, network, teacher = (
        state.recipe.distillation,
        state.accelerator,
        state.model.flow,
        state.teacher,
    )
    optimizer, faces, large = state.optimizers["opt_distillation"], state.faces, state.recipe.generator.flow_steps
    dim, looks = state.recipe.generator.identity_dim, len(state.recipe.generator.looks)
    paths: list[tuple[Tensor, Tensor, Tensor]] = []

    @torch.no_grad()
    def path() -> tuple[Tensor, Tensor, Tensor]:
        """Knots (large + 1, n, d) of guided paths, and the conditions and guidance that they went under."""
        noise = torch.randn(settings.batch, dim, device=state.device)
        told = faces.asked(settings.batch)
        untold = torch.cat([torch.zeros_like(told[:, :-looks]), told[:, -looks:]], 1)
        strength = 1 + (settings.strongest - 1) * torch.rand(settings.batch, device=state.device)
        with accelerator.autocast():
            path = knots(teacher, noise, told, untold, strength, large, settings.teacher_steps)
        return path, told, strength

    def step(i: int) -> dict[str, Tensor]:
        anneal(optimizer, settings.learning_rate, i, settings.steps)
        if i % settings.refresh == 0 or not paths:
            paths[:] = [path() for _ in range(settings.sets)]
        knots, told, strength = paths[i % len(paths)]
        at = torch.randint(0, large, (settings.batch,), device=state.device)
        who = torch.arange(settings.batch, device=state.device)
        now, after = knots[at, who], knots[at + 1, who]
        with accelerator.autocast():
            velocity = network(now, at / large, told, strength)
        loss = F.mse_loss(velocity.float(), (after - now) * large)
        accelerator.backward(loss)
        average_gradients(accelerator, network.parameters())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(state.average.flow, network, i, 0.998)
        return {"loss": loss.detach()}

    return step
