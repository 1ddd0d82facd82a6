#!/usr/bin/env python3
"""Small random text encoders and an autoencoder as pipelines have them, with what transformers and diffusers compute.

    pip install -r tools/requirements-models.txt
    python tools/make_text_fixtures.py tests/data/text

writes clip/ (tokenizer, text_encoder, vae) and t5/ (tokenizer, text_encoder), each with golden.safetensors: the
embeddings of PROMPTS as diffusers' pipelines make them, masks of T5, and a decoded latent.
"""

import json
import pathlib
import shutil
import sys

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)
from transformers.models.clip.tokenization_clip import bytes_to_unicode

SEED = 5
PROMPTS = ["", "A red cat's hat, and the 2 hats!", "the cat " * 60, "  Caf\u00e9 <|endoftext|>\ta  \u732b: he'll\u2026 "]
T5_TOKENS = 120


def spread(model):
    """Biases and norms other than 0 and 1, which would hide mistakes; values that f16 holds exactly."""
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            mean = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            torch.nn.init.normal_(parameter, mean=mean, std=0.1)
        parameter.data = parameter.data.half().float()
    return model.eval()


def clip(folder):
    tokens = folder / "tokenizer"
    tokens.mkdir(parents=True)
    letters = list(bytes_to_unicode().values())
    merges = ["t h", "th e</w>", "a t", "a t</w>", "c at</w>", "h at</w>", "h at", "hat s</w>", "r e", "re d</w>", "a n", "an d</w>"]
    vocabulary = letters + [letter + "</w>" for letter in letters]
    vocabulary += ["".join(merge.split()) for merge in merges]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    numbers = {token: number for number, token in enumerate(vocabulary)}
    (tokens / "vocab.json").write_text(json.dumps(numbers, ensure_ascii=False))
    (tokens / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    config = {"pad_token": "<|endoftext|>", "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    (tokens / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = CLIPTokenizer.from_pretrained(tokens)
    model = spread(CLIPTextModel(CLIPTextConfig(
        vocab_size=len(vocabulary), hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=3,
        max_position_embeddings=77, hidden_act="quick_gelu", eos_token_id=len(vocabulary) - 1, projection_dim=12)))
    model.half().save_pretrained(folder / "text_encoder")
    model.float()
    golden = {}
    for number, prompt in enumerate(PROMPTS):
        ids = tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        with torch.no_grad():
            golden[f"embeddings.{number}"] = model(ids)[0]
    vae = spread(AutoencoderKL(
        block_out_channels=(4, 8, 8), layers_per_block=2, latent_channels=4, norm_num_groups=4, sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3))
    vae.half().save_pretrained(folder / "vae")
    vae.float()
    golden["latents"] = torch.randn(1, 4, 6, 8)
    with torch.no_grad():
        golden["picture"] = vae.decode(golden["latents"] / vae.config.scaling_factor).sample
    save_file({name: value.contiguous() for name, value in golden.items()}, folder / "golden.safetensors")


def t5(folder):
    words = ["▁the", "▁cat", "▁red", "▁hat", "▁a", "▁and", "▁", "s", "'", ",", "!", "2", "at", "h", "c", "t", "e"]
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(word, -1.0 - 0.3 * number) for number, word in enumerate(words)]
    backend = Tokenizer(models.Unigram(pieces, unk_id=2))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    tokenizer.save_pretrained(folder / "tokenizer")
    model = spread(T5EncoderModel(T5Config(
        vocab_size=len(pieces), d_model=24, d_kv=6, d_ff=40, num_layers=2, num_heads=3, feed_forward_proj="gated-gelu",
        relative_attention_num_buckets=32, relative_attention_max_distance=128)))
    model.half().save_pretrained(folder / "text_encoder")
    model.float()
    golden = {}
    for number, prompt in enumerate(PROMPTS):
        made = tokenizer(prompt.lower().strip(), padding="max_length", max_length=T5_TOKENS, truncation=True,
                         add_special_tokens=True, return_tensors="pt")
        with torch.no_grad():
            golden[f"embeddings.{number}"] = model(made.input_ids, attention_mask=made.attention_mask)[0]
        golden[f"mask.{number}"] = made.attention_mask.float()
    save_file({name: value.contiguous() for name, value in golden.items()}, folder / "golden.safetensors")


def main():
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    torch.set_num_threads(1)
    for make in (clip, t5):
        torch.manual_seed(SEED)
        make(folder / make.__name__)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
