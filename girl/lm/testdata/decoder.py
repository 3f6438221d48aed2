"""The decoder and one training step of it in PyTorch: a second implementation, which shares no code with the Go one.

Reads a JSON list of jobs from standard input and writes the list of their results to standard output. A job:

  weights    path of a safetensors file that this project wrote (parsed here by hand)
  dtype      "float32" or "float64"
  sequences  [{"prompt": [ids], "response": [ids]}, ...]
  prompt_weight, rate, steps, beta1, beta2, eps, weight_decay, clip_norm

The result: logits of every position of every sequence before and after the training steps, each a list of numbers, loss and gradient
norm of the last step, and the weights after it by name.
"""

import json
import struct
import sys

import torch
import torch.nn.functional as F


def read(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    meta = header.pop("__metadata__")
    weights = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", name
        begin, end = entry["data_offsets"]
        flat = torch.tensor(struct.unpack("<%df" % ((end - begin) // 4), data[begin:end]), dtype=torch.float32)
        weights[name] = flat.reshape(entry["shape"])
    return json.loads(meta["config"]), weights


def rms_norm(x, gain, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * gain


def rotate(x, base):
    """x: [heads, positions, width]; each pair of dimensions i and i + width/2 is one complex number, turned by its position."""
    _, positions, width = x.shape
    frequency = base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.outer(torch.arange(positions, dtype=torch.float64), frequency)
    turn = torch.complex(angle.cos(), angle.sin()).to(torch.complex64 if x.dtype == torch.float32 else torch.complex128)
    z = torch.complex(x[..., : width // 2].contiguous(), x[..., width // 2 :].contiguous()) * turn
    return torch.cat([z.real, z.imag], -1)


def logits(c, w, ids):
    """One sequence by itself, so that there is no padding: ids [T] → [T, vocabulary]."""
    heads, groups = c["heads"], c["kv_heads"] or c["heads"]
    width, positions = c["dim"] // heads, len(ids)
    future = torch.ones(positions, positions).triu(1).bool()
    x = w["embed"][ids]
    for layer in range(c["layers"]):

        def at(name):
            return w["layers.%d.%s" % (layer, name)]

        def project(h, matrix, bias, n):
            y = h @ at(matrix)
            if c["qkv_bias"]:
                y = y + at(bias)
            return y.view(positions, n, width).transpose(0, 1)

        h = rms_norm(x, at("attn_norm"), c["norm_eps"])
        q = rotate(project(h, "wq", "bq", heads), c["rope_base"])
        k = rotate(project(h, "wk", "bk", groups), c["rope_base"]).repeat_interleave(heads // groups, 0)
        v = project(h, "wv", "bv", groups).repeat_interleave(heads // groups, 0)
        scores = (q @ k.transpose(1, 2) / width**0.5).masked_fill(future, float("-inf"))
        x = x + (scores.softmax(-1) @ v).transpose(0, 1).reshape(positions, c["dim"]) @ at("wo")
        h = rms_norm(x, at("ffn_norm"), c["norm_eps"])
        x = x + (F.silu(h @ at("w_gate")) * (h @ at("w_up"))) @ at("w_down")
    x = rms_norm(x, w["norm"], c["norm_eps"])
    return x @ (w["embed"].T if c["tied_head"] else w["head"])


def sft_loss(job, c, w):
    total, weight = 0.0, 0.0
    for s in job["sequences"]:
        ids = torch.tensor(s["prompt"] + s["response"])
        each = F.cross_entropy(logits(c, w, ids)[:-1], ids[1:], reduction="none")
        factor = torch.ones_like(each)
        factor[: len(s["prompt"]) - 1] = job["prompt_weight"]
        total, weight = total + (each * factor).sum(), weight + factor.sum()
    return total / weight


def run(job):
    c, w = read(job["weights"])
    w = {name: x.to(getattr(torch, job["dtype"])).requires_grad_() for name, x in w.items()}

    def all_logits():
        with torch.no_grad():
            return [logits(c, w, torch.tensor(s["prompt"] + s["response"])).flatten().tolist() for s in job["sequences"]]

    result = {"logits": all_logits()}
    adam = torch.optim.AdamW(w.values(), lr=job["rate"], betas=(job["beta1"], job["beta2"]), eps=job["eps"], weight_decay=job["weight_decay"])
    for _ in range(job["steps"]):
        adam.zero_grad()
        loss = sft_loss(job, c, w)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(w.values(), job["clip_norm"])
        adam.step()
    result.update(loss=loss.item(), grad_norm=norm.item(), logits_after=all_logits(), weights={name: x.flatten().tolist() for name, x in w.items()})
    return result


torch.set_num_threads(1)  # the models are small
json.dump([run(job) for job in json.load(sys.stdin)], sys.stdout)
