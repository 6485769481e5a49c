"""Writes sentence_model_v1/, once: a tiny BERT with random weights, saved as sentence models are, and what it makes of a few texts.

Run where transformers 5.24.0 and tokenizers 0.23.3 are installed: python -m tests.golden.make_sentence_model_v1. The ids in
expected.json are those of the tokenizers library, the embeddings those of ``transformers.BertModel`` in float64: the mean over the
tokens, brought to length 1.
"""

import json
import string
from pathlib import Path

FOLDER = Path(__file__).with_name("sentence_model_v1")
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = ["the", "cat", "read", "##ing", "##s", "un", "##read", "naive", "σ", "##σ", "日", "本", "ᄒ", "##ᅡ", "##ᆫ", "ß", "—", "…"]
TEXTS = [
    "",
    " \t\n",
    "The cat reads.",
    "unreading the UNREAD cat",
    "naïve NAÏVE na\u0308ive",
    "日本cat日 한 語",
    "ΣΣ σς",
    "it's [MASK]ed, [CLS][sep]",
    "a\u200bb \x00 c\ufffd d\u00a0e\u2028f",
    "—“quoted”… ß ﬁ 🙂 i\u0307 İ",
    "x" * 101 + " " + "y" * 100,
    "the cat reads unread cats and goes on reading until nobody is left to listen to the cat",
]


def main() -> None:
    """Write the folder."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    characters = [*string.ascii_lowercase, *string.digits, *string.punctuation]
    pieces = [*SPECIAL, *characters, *(f"##{character}" for character in string.ascii_lowercase), *WORDS]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))  # noqa: S106
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(piece, vocabulary[piece]) for piece in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=24,
        max_position_embeddings=48,
        initializer_range=0.5,
    )
    network = BertModel(config).eval()
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if "LayerNorm" in name or name.endswith("bias"):
                weights.add_(0.3 * torch.randn(weights.shape))
    FOLDER.mkdir(exist_ok=True)
    network.save_pretrained(FOLDER)
    tokenizer.save(str(FOLDER / "tokenizer.json"), pretty=False)
    (FOLDER / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 40}))
    (FOLDER / "1_Pooling").mkdir(exist_ok=True)
    pooling = {"word_embedding_dimension": 16, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
    (FOLDER / "1_Pooling" / "config.json").write_text(json.dumps(pooling))

    tokenizer.enable_truncation(40)
    network.double()
    expected = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            state = network(input_ids=torch.tensor([ids])).last_hidden_state[0].mean(dim=0)
        expected.append({"text": text, "ids": ids, "embedding": (state / state.norm()).tolist()})
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
