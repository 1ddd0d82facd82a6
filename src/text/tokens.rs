//! From text to token numbers: tokenizer.json, or CLIP's older vocab.json and merges.txt.

use super::error::TextError;
use crate::input::{self, InputError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::replace::ReplacePattern;
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence as Normalizers};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence as PreTokenizers;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer};

/// First and last token of CLIP.
const CLIP_ENDS: [&str; 2] = ["<|startoftext|>", "<|endoftext|>"];
/// What CLIP cuts a text into.
const CLIP_WORDS: &str = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Cuts text into tokens.
pub(super) struct Tokens {
    folder: PathBuf,
    tokenizer: Tokenizer,
    /// Fills the room behind a text.
    padding: u32,
    /// Tokens that the text encoder knows.
    vocabulary: usize,
}

impl Tokens {
    /// Reads a pipeline's `tokenizer` folder, for a text encoder that knows `vocabulary` tokens.
    pub fn read(folder: &Path, vocabulary: usize) -> Result<Self, TextError> {
        let file = folder.join("tokenizer.json");
        let mut tokenizer = if file.exists() {
            Tokenizer::from_file(&file).map_err(TextError::library(&file))?
        } else if folder.join("vocab.json").exists() {
            clip(folder)?
        } else {
            let allowed = "expected tokenizer.json, or vocab.json and merges.txt; \
                           AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER) of \
                           transformers makes the first of spiece.model";
            return Err(InputError::value(folder, "tokenizer", "nothing", allowed).into());
        };
        // A tokenizer.json may say how to cut and pad: both are decided here.
        tokenizer.with_padding(None);
        let untruncated = tokenizer.with_truncation(None);
        untruncated.map_err(TextError::library(folder))?;
        let name = padding_token(folder)?;
        let padding = tokenizer.token_to_id(&name).ok_or_else(|| {
            let allowed = "expected a token of the vocabulary";
            InputError::value(folder, "pad_token", &name, allowed)
        })?;
        let tokens = Self {
            folder: folder.to_owned(),
            tokenizer,
            padding,
            vocabulary,
        };
        tokens.check(padding)?;
        Ok(tokens)
    }

    /// At most `most` tokens of a text, the last of which always ends it, and how many were left
    /// out; no padding.
    pub fn encode(&self, text: &str, most: usize) -> Result<(Vec<u32>, usize), TextError> {
        let encoding = self.tokenizer.encode(text, true);
        let encoding = encoding.map_err(TextError::library(&self.folder))?;
        let mut tokens = encoding.get_ids().to_vec();
        for &token in &tokens {
            self.check(token)?;
        }
        let Some(&end) = tokens.last() else {
            let allowed = "expected one that ends a text with a token of its own";
            return Err(InputError::value(&self.folder, "tokenizer", "no end", allowed).into());
        };
        let left_out = tokens.len().saturating_sub(most);
        tokens.truncate(most);
        if left_out > 0 {
            tokens[most - 1] = end;
        }
        Ok((tokens, left_out))
    }

    /// The number that fills the room behind a text.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    fn check(&self, token: u32) -> Result<(), InputError> {
        if (token as usize) < self.vocabulary {
            return Ok(());
        }
        let allowed = format!(
            "expected less than the text encoder's vocab_size, {}",
            self.vocabulary
        );
        Err(InputError::value(&self.folder, "token", token, allowed))
    }
}

/// The name of the padding in tokenizer_config.json or special_tokens_map.json.
fn padding_token(folder: &Path) -> Result<String, InputError> {
    for name in ["tokenizer_config.json", "special_tokens_map.json"] {
        let file = folder.join(name);
        if !file.exists() {
            continue;
        }
        let value: Value = serde_json::from_str(&input::read(&file)?)
            .map_err(|error| InputError::syntax(&file, error))?;
        let token = value.get("pad_token");
        // Some versions of transformers write a token's properties beside its text.
        let token = token.map(|token| token.get("content").unwrap_or(token));
        if let Some(token) = token.and_then(Value::as_str) {
            return Ok(token.to_owned());
        }
    }
    let allowed = "expected a token in tokenizer_config.json or special_tokens_map.json";
    Err(InputError::value(folder, "pad_token", "nothing", allowed))
}

/// CLIP's tokenizer from its two files, as transformers builds it.
fn clip(folder: &Path) -> Result<Tokenizer, TextError> {
    let [vocabulary, merges] = ["vocab.json", "merges.txt"].map(|name| folder.join(name));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let model = BPE::from_file(&text(&vocabulary), &text(&merges))
        .unk_token(CLIP_ENDS[1].to_owned())
        .end_of_word_suffix("</w>".to_owned())
        .build()
        .map_err(TextError::library(folder))?;
    let mut tokenizer = Tokenizer::new(model);
    let spaces = Replace::new(ReplacePattern::Regex(r"\s+".to_owned()), " ");
    let spaces = spaces.map_err(TextError::library(folder))?;
    tokenizer.with_normalizer(Some(Normalizers::new(vec![
        NFC.into(),
        spaces.into(),
        Lowercase.into(),
    ])));
    let words = SplitPattern::Regex(CLIP_WORDS.to_owned());
    let words = Split::new(words, SplitDelimiterBehavior::Removed, true);
    let words = words.map_err(TextError::library(folder))?;
    tokenizer.with_pre_tokenizer(Some(PreTokenizers::new(vec![
        words.into(),
        ByteLevel::new(false, true, true).into(),
    ])));
    let end = |name: &str| {
        let id = tokenizer.token_to_id(name).ok_or_else(|| {
            InputError::value(
                &vocabulary,
                name,
                "nothing",
                "expected a token of this name",
            )
        })?;
        Ok::<_, InputError>((name.to_owned(), id))
    };
    let [first, last] = [end(CLIP_ENDS[0])?, end(CLIP_ENDS[1])?];
    // Written out in a prompt, they are these tokens.
    tokenizer.add_special_tokens(&CLIP_ENDS.map(|name| AddedToken::from(name, true)));
    let ends = RobertaProcessing::new(last, first);
    let ends = ends.trim_offsets(false).add_prefix_space(false);
    tokenizer.with_post_processor(Some(ends));
    Ok(tokenizer)
}
