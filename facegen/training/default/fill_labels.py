"""Labels that a data set never gives, from a classifier that has learned them of another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from facegen.attributes import NAMES
from facegen.data.base import settle_exclusive
from facegen.data.pack import Pack
from facegen.drawing.classifier import AttributeClassifier
from facegen.training.batches import to_tensor

YES, NO = 0.65, 0.2  # the classifier's answers from which on a label is told; most attributes are rare, so a yes is seldom sure


@torch.inference_mode()
def filled(data: Pack, classifier: AttributeClassifier) -> Pack:
    """The pack, with every column that one of its data sets leaves empty filled in where the classifier is sure."""
    attributes, device = data.attributes.copy(), next(classifier.parameters()).device
    for source in np.unique(data.source):
        rows = np.flatnonzero(data.source == source)
        lacking = [name for name in classifier.attributes if not attributes[rows, NAMES.index(name)].any()]
        if not lacking:
            continue
        ours, theirs = [NAMES.index(name) for name in lacking], [classifier.attributes.index(name) for name in lacking]
        for some in np.array_split(rows, -(-len(rows) // 64)):
            answers = torch.sigmoid(classifier(to_tensor(data.images[some]).to(device)).float())[:, theirs].cpu().numpy()
            attributes[np.ix_(some, ours)] = (answers >= YES).astype(np.int8) - (answers <= NO).astype(np.int8)
        attributes[rows] = settle_exclusive(attributes[rows])
    return replace(data, attributes=attributes)
