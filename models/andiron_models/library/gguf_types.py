"""Numbers of the GGUF format: value types, tensor types with their block sizes, and the names of quantizations.

As llama.cpp's gguf-py has them (constants.py, 0.19); an unknown tensor type is no error, see `gguf_header`.
"""

from types import MappingProxyType
from typing import Final

STRING: Final = 8
ARRAY: Final = 9

# value type -> how `struct` reads it
SCALARS: Final = MappingProxyType(
    {
        0: "<B",
        1: "<b",
        2: "<H",
        3: "<h",
        4: "<I",
        5: "<i",
        6: "<f",
        7: "<?",
        10: "<Q",
        11: "<q",
        12: "<d",
    }
)

# tensor type -> name, elements in a block, bytes of a block
TENSOR_TYPES: Final = MappingProxyType(
    {
        0: ("F32", 1, 4),
        1: ("F16", 1, 2),
        2: ("Q4_0", 32, 18),
        3: ("Q4_1", 32, 20),
        6: ("Q5_0", 32, 22),
        7: ("Q5_1", 32, 24),
        8: ("Q8_0", 32, 34),
        9: ("Q8_1", 32, 40),
        10: ("Q2_K", 256, 84),
        11: ("Q3_K", 256, 110),
        12: ("Q4_K", 256, 144),
        13: ("Q5_K", 256, 176),
        14: ("Q6_K", 256, 210),
        15: ("Q8_K", 256, 292),
        16: ("IQ2_XXS", 256, 66),
        17: ("IQ2_XS", 256, 74),
        18: ("IQ3_XXS", 256, 98),
        19: ("IQ1_S", 256, 50),
        20: ("IQ4_NL", 32, 18),
        21: ("IQ3_S", 256, 110),
        22: ("IQ2_S", 256, 82),
        23: ("IQ4_XS", 256, 136),
        24: ("I8", 1, 1),
        25: ("I16", 1, 2),
        26: ("I32", 1, 4),
        27: ("I64", 1, 8),
        28: ("F64", 1, 8),
        29: ("IQ1_M", 256, 56),
        30: ("BF16", 1, 2),
        34: ("TQ1_0", 256, 54),
        35: ("TQ2_0", 256, 66),
        39: ("MXFP4", 32, 17),
        40: ("NVFP4", 64, 36),
        41: ("Q1_0", 128, 18),
    }
)

# general.file_type -> name
QUANTIZATIONS: Final = MappingProxyType(
    {
        0: "F32",
        1: "F16",
        2: "Q4_0",
        3: "Q4_1",
        7: "Q8_0",
        8: "Q5_0",
        9: "Q5_1",
        10: "Q2_K",
        11: "Q3_K_S",
        12: "Q3_K_M",
        13: "Q3_K_L",
        14: "Q4_K_S",
        15: "Q4_K_M",
        16: "Q5_K_S",
        17: "Q5_K_M",
        18: "Q6_K",
        19: "IQ2_XXS",
        20: "IQ2_XS",
        21: "Q2_K_S",
        22: "IQ3_XS",
        23: "IQ3_XXS",
        24: "IQ1_S",
        25: "IQ4_NL",
        26: "IQ3_S",
        27: "IQ3_M",
        28: "IQ2_S",
        29: "IQ2_M",
        30: "IQ4_XS",
        31: "IQ1_M",
        32: "BF16",
        36: "TQ1_0",
        37: "TQ2_0",
        38: "MXFP4",
        39: "NVFP4",
        40: "Q1_0",
    }
)

# texts by which models name their infill tokens, by role; llama.cpp looks for the same
FIM_TEXTS: Final = MappingProxyType(
    {
        text.encode(): role
        for role, texts in {
            "prefix": (
                "<|fim_prefix|>",
                "<fim-prefix>",
                "<fim_prefix>",
                "<\uff5cfim\u2581begin\uff5c>",
                "<PRE>",
                "\u2581<PRE>",
                "[PREFIX]",
            ),
            "suffix": (
                "<|fim_suffix|>",
                "<fim-suffix>",
                "<fim_suffix>",
                "<\uff5cfim\u2581hole\uff5c>",
                "<SUF>",
                "\u2581<SUF>",
                "[SUFFIX]",
            ),
            "middle": (
                "<|fim_middle|>",
                "<fim-middle>",
                "<fim_middle>",
                "<\uff5cfim\u2581end\uff5c>",
                "<MID>",
                "\u2581<MID>",
                "[MIDDLE]",
            ),
            "pad": ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>"),
            "repository": ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<repo_name>", "<reponame>", "<REPO>"),
            "file": ("<|file_sep|>", "<file_sep>", "<filename>"),
        }.items()
        for text in texts
    }
)
FIM_KEYS: Final = MappingProxyType(
    {
        f"tokenizer.ggml.{key}_token_id": role
        for key, role in {
            "prefix": "prefix",
            "suffix": "suffix",
            "middle": "middle",
            "fim_pre": "prefix",
            "fim_suf": "suffix",
            "fim_mid": "middle",
            "fim_pad": "pad",
            "fim_rep": "repository",
            "fim_sep": "file",
        }.items()
    }
)
