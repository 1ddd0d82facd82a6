//! Text encoders and autoencoder against transformers and diffusers, and pipelines from prompts to
//! pictures. Only with the cargo feature `text`; the fixtures were made by
//! tools/make_text_fixtures.py.
#![cfg(feature = "text")]

use drift::image::Image;
use drift::infer::{
    ActivationScales, EngineKind, FaultPlan, ImageTask, ModelSource, Run, Setting, WeightStore,
    picture,
};
use drift::model::{Conditioning, TextConditioning};
use drift::tensor::Tensor;
use drift::text::{Decoder, TextEncoder, read_prompts};
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Largest difference from transformers and diffusers, all in f32.
const TOLERANCE: f32 = 1e-4;

/// Channels of the fixtures' embeddings, which the small denoisers take.
const CLIP_WIDTH: usize = 12;
const T5_WIDTH: usize = 24;

/// Of tools/make_text_fixtures.py.
fn prompts() -> [String; 4] {
    [
        String::new(),
        "A red cat's hat, and the 2 hats!".to_owned(),
        "the cat ".repeat(60),
        "  Café <|endoftext|>\ta  猫: he'll… ".to_owned(),
    ]
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// A tensor of a fixture's golden.safetensors.
fn golden(fixture: &str, name: &str) -> Tensor {
    let bytes = std::fs::read(data(fixture).join("golden.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let view = tensors.tensor(name).unwrap();
    let (words, _) = view.data().as_chunks();
    let values = words.iter().map(|word| f32::from_le_bytes(*word));
    Tensor::new(view.shape(), values.collect())
}

#[track_caller]
fn close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let worst = differences.fold(0.0f32, f32::max);
    let largest = expected.iter().fold(0.0f32, |a, b| a.max(b.abs()));
    assert!(largest > 0.5, "nothing to see in values up to {largest}");
    assert!(worst <= TOLERANCE, "{worst} in values up to {largest}");
    println!("largest difference {worst:e} in values up to {largest}");
}

#[test]
fn clip_embeds_as_transformers_does() {
    let mut encoder = TextEncoder::open(&data("text/clip"), CLIP_WIDTH).unwrap();
    for (number, prompt) in prompts().iter().enumerate() {
        let expected = golden("text/clip", &format!("embeddings.{number}"));
        let embedded = encoder.embed(prompt).unwrap();
        assert_eq!(embedded.text.embeddings.shape(), expected.shape());
        assert_eq!(embedded.text.mask, None);
        // A hundred and twenty words and both ends.
        assert_eq!(embedded.left_out, if number == 2 { 122 - 77 } else { 0 });
        close(
            embedded.text.embeddings.values_or_empty(),
            expected.values_or_empty(),
        );
    }
}

#[test]
fn t5_embeds_as_transformers_does_where_there_is_a_token() {
    let mut encoder = TextEncoder::open(&data("text/t5"), T5_WIDTH).unwrap();
    for (number, prompt) in prompts().iter().enumerate() {
        let expected = golden("text/t5", &format!("embeddings.{number}"));
        let mask = golden("text/t5", &format!("mask.{number}"));
        let embedded = encoder.embed(prompt).unwrap();
        assert_eq!(embedded.text.mask.as_ref(), Some(&mask), "{prompt}");
        let tokens = mask.values_or_empty().iter().sum::<f32>() as usize;
        let values = tokens * expected.columns();
        close(
            &embedded.text.embeddings.values_or_empty()[..values],
            &expected.values_or_empty()[..values],
        );
    }
}

#[test]
fn latents_are_decoded_as_diffusers_does() {
    let decoder = Decoder::open(&data("text/clip"), 4).unwrap();
    let picture = decoder.decode(&golden("text/clip", "latents")).unwrap();
    let expected = golden("text/clip", "picture");
    assert_eq!(picture.shape(), expected.shape());
    close(picture.values_or_empty(), expected.values_or_empty());
}

/// The prompts of a file of this text.
fn read(name: &str, text: &str, most: usize) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    read_prompts(&file, most).map_err(|error| error.to_string())
}

#[test]
fn lines_captions_and_tables_are_prompts() {
    let two = Ok(vec!["a cat".to_owned(), "a hat, red".to_owned()]);
    assert_eq!(read("p.txt", "a cat\n\n  a hat, red \n", 9), two);
    let coco = r#"{"info": {}, "annotations": [
        {"image_id": 1, "id": 7, "caption": "a cat"}, {"image_id": 1, "id": 8, "caption": " a hat, red "}]}"#;
    assert_eq!(read("p.json", coco, 9), two);
    let table = "Category,Prompts\nColors,a cat\nColors,\"a hat, red\"\n";
    assert_eq!(read("p.csv", table, 9), two);
    assert_eq!(
        read("p.tsv", "Prompt\tChallenge\na cat\t1\na hat, red\t2\n", 9),
        two
    );
    assert_eq!(read("p.csv", table, 1).unwrap(), ["a cat"]);
}

#[test]
fn files_without_prompts_are_refused() {
    for (name, text, part) in [
        ("p.txt", " \n\n", "prompts: nothing is not allowed"),
        (
            "p.json",
            r#"{"annotations": []}"#,
            "prompts: nothing is not allowed",
        ),
        (
            "p.json",
            r#"{"captions": []}"#,
            "missing field `annotations` at line 1",
        ),
        (
            "p.csv",
            "Category,Text\na,b\n",
            "columns: Category, Text is not allowed; expected one of prompts",
        ),
        ("p.csv", "prompt,x\na\n", "record 1"),
    ] {
        let error = read(name, text, 9).unwrap_err();
        assert!(error.contains(name) && error.contains(part), "{error}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A pipeline of small random parts in a folder of its own.
struct Pipeline(TempDir);

impl Pipeline {
    /// As Stable Diffusion.
    fn stable_diffusion() -> Self {
        let scheduler =
            r#"{"_class_name": "PNDMScheduler", "skip_prk_steps": true, "steps_offset": 1}"#;
        Self::of("unet", "models/unet", "text/clip", scheduler)
    }

    /// As PixArt-α, with the size of the image as a condition.
    fn pixart() -> Self {
        let scheduler = r#"{"_class_name": "DPMSolverMultistepScheduler"}"#;
        Self::of("transformer", "models/pixart-sizes", "text/t5", scheduler)
    }

    fn of(part: &str, denoiser: &str, text: &str, scheduler: &str) -> Self {
        let pipeline = Self(tempfile::tempdir().unwrap());
        copy(&data(denoiser), &pipeline.file(part));
        for name in ["tokenizer", "text_encoder"] {
            copy(&data(text).join(name), &pipeline.file(name));
        }
        copy(&data("text/clip/vae"), &pipeline.file("vae"));
        std::fs::create_dir(pipeline.file("scheduler")).unwrap();
        let file = pipeline.file("scheduler/scheduler_config.json");
        std::fs::write(file, scheduler).unwrap();
        pipeline
    }

    /// The folder.
    fn folder(&self) -> PathBuf {
        self.0.path().join("pipeline")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn prompts(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// `drift infer` of two images of two steps.
    fn infer(&self, prompts: &Path, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_drift"))
            .args(["infer", "--steps", "2", "-n", "2", "--model"])
            .arg(self.folder())
            .arg("--prompts")
            .arg(prompts)
            .arg("--out")
            .arg(self.out())
            .args(more)
            .output()
            .unwrap()
    }

    /// The same, which must go well; its pictures of a set.
    #[track_caller]
    fn pictures(&self, prompts: &Path, more: &[&str], set: &str) -> Vec<Image> {
        let output = self.infer(prompts, more);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{message}");
        let folder = self.out().join(set);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        ["00000.png", "00001.png"]
            .map(|name| Image::read_png(&folder.join(name)).unwrap())
            .into()
    }

    /// What the parts make of two prompts, one after the other, in f32.
    fn by_parts(&self, prompts: [&str; 2], width: usize, guidance: f32) -> Vec<Image> {
        let source = ModelSource::open(self.folder().to_str().unwrap(), 1).unwrap();
        let mut encoder = TextEncoder::open(&self.folder(), width).unwrap();
        let decoder = Decoder::open(&self.folder(), 4).unwrap();
        let setting = Setting {
            threshold_bit: 10,
            scales: ActivationScales::PerTensor,
            threads: 1,
            weights: WeightStore::default(),
            config: drift::config::ArrayConfig::load("default").unwrap(),
        };
        let run = Run {
            denoiser: &source.denoiser,
            scheduler: &source.scheduler,
            steps: 2,
            guidance,
            forecast: None,
            seed: 1,
            setting: &setting,
            engine: EngineKind::Float,
            plan: &FaultPlan::none(),
            hardware: None,
            audit: None,
            sabotage: false,
        };
        let sized = width == T5_WIDTH;
        let mut condition = |prompt: &str| {
            Conditioning::Text(TextConditioning {
                sizes: sized.then(|| vec![drift::model::ImageSize::new(64.0, 64.0)]),
                ..encoder.embed(prompt).unwrap().text
            })
        };
        let none = condition("");
        let image = |(image, prompt): (usize, &str)| {
            let task = ImageTask {
                image: image as u64,
                condition: condition(prompt),
                none: (guidance != 1.0).then(|| none.clone()),
            };
            let none = drift::baseline::ProtectionKind::None;
            let device = drift::dram::Device::load("ddr4-3200-x16").unwrap();
            let made = run.image(&task, none.build(Default::default(), &device), |_| Ok(()));
            let picture = picture(&decoder.decode(&made.unwrap().latents).unwrap()).unwrap();
            // As PNG holds it.
            let file = self.0.path().join("by-parts.png");
            picture.write_png(&file).unwrap();
            Image::read_png(&file).unwrap()
        };
        prompts.into_iter().enumerate().map(image).collect()
    }

    /// The run must be refused, and leave nothing behind.
    #[track_caller]
    fn refused(&self, prompts: &Path, more: &[&str], parts: &[&str]) {
        let output = self.infer(prompts, more);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        for part in parts {
            assert!(message.contains(part), "{message} lacks {part:?}");
        }
        assert!(!self.out().exists(), "left something behind");
    }
}

#[test]
fn prompts_go_in_and_pictures_come_out_of_stable_diffusion() {
    let pipeline = Pipeline::stable_diffusion();
    let prompts = pipeline.prompts("prompts.txt", "A red cat.\n\nthe hat\n");
    let expected = pipeline.by_parts(["A red cat.", "the hat"], CLIP_WIDTH, 7.5);
    let float = ["--engine", "f32", "--guidance", "7.5"];
    let found = pipeline.pictures(&prompts, &float, "images");
    assert!(found == expected, "other pictures");
    // Eight latents a side, and twice the size at each of two steps up.
    assert_eq!((found[0].width(), found[0].height()), (32, 32));
    let record = std::fs::read_to_string(pipeline.out().join("record.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        record["prompts"],
        serde_json::json!(["A red cat.", "the hat"])
    );

    // The last image takes the first prompt again, with its own noise.
    let one = pipeline.prompts("one.txt", "A red cat.");
    let again = pipeline.pictures(&one, &float, "images");
    assert!(again[0] == expected[0] && again[1] != expected[1]);
}

#[test]
fn prompts_go_in_and_pictures_come_out_of_pixart_with_and_without_faults() {
    let pipeline = Pipeline::pixart();
    let coco = r#"{"annotations": [{"id": 1, "caption": "A red cat."}, {"id": 2, "caption": "The hat!"}]}"#;
    let prompts = pipeline.prompts("captions.json", coco);
    let expected = pipeline.by_parts(["A red cat.", "The hat!"], T5_WIDTH, 1.5);
    let found = pipeline.pictures(&prompts, &["--engine", "f32"], "images");
    assert!(found == expected, "other pictures");

    let faulty = ["--ber", "1e-5"];
    let faulty_pictures = pipeline.pictures(&prompts, &faulty, "images");
    let clean = pipeline.pictures(&prompts, &faulty, "reference");
    assert!(faulty_pictures != clean, "no fault is seen");
    let without = pipeline.pictures(&prompts, &[], "images");
    assert!(without == clean, "other pictures");
}

#[test]
fn the_part_alone_finds_the_pipeline_that_it_is_in() {
    let pipeline = Pipeline::stable_diffusion();
    let prompts = pipeline.prompts("prompts.txt", "A red cat.\nthe hat\n");
    let unet = pipeline.file("unet");
    let whole = pipeline.pictures(&prompts, &["--engine", "f32"], "images");
    let output = Command::new(env!("CARGO_BIN_EXE_drift"))
        .args([
            "infer", "--steps", "2", "-n", "2", "--engine", "f32", "--model",
        ])
        .arg(unet)
        .arg("--prompts")
        .arg(&prompts)
        .arg("--out")
        .arg(pipeline.out())
        .output()
        .unwrap();
    assert!(output.status.success());
    let first = Image::read_png(&pipeline.out().join("images/00000.png")).unwrap();
    assert!(first == whole[0], "another picture");
}

#[test]
fn prompts_that_cannot_be_used_are_refused() {
    let pipeline = Pipeline::stable_diffusion();
    let good = pipeline.prompts("prompts.txt", "a cat\n");
    let empty = pipeline.prompts("empty.txt", "\n  \n");
    pipeline.refused(&empty, &[], &["empty.txt: prompts: nothing is not allowed"]);
    let json = pipeline.prompts("cut.json", r#"{"annotations": [{"caption": "a"#);
    pipeline.refused(&json, &[], &["cut.json: EOF", "line 1"]);
    let missing = pipeline.0.path().join("missing.txt");
    pipeline.refused(&missing, &[], &["missing.txt: cannot be read"]);
    pipeline.refused(
        &good,
        &["--text", "x.safetensors"],
        &["--prompts", "--text"],
    );
    for (model, part) in [
        ("tiny-dit", "takes classes"),
        ("pixart-alpha-512", "drawn weights have no text encoder"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_drift"))
            .args(["infer", "--model", model, "--prompts"])
            .arg(&good)
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn pipelines_that_lack_a_part_are_refused() {
    for (part, expected) in [
        (
            "tokenizer",
            "tokenizer: nothing is not allowed; expected a folder",
        ),
        (
            "text_encoder",
            "text_encoder: nothing is not allowed; expected a folder",
        ),
        (
            "vae",
            "vae: nothing is not allowed; expected a folder with an AutoencoderKL",
        ),
        ("tokenizer/vocab.json", "expected tokenizer.json"),
        ("tokenizer/merges.txt", "tokenizer"),
        ("tokenizer/tokenizer_config.json", "pad_token: nothing"),
        (
            "text_encoder/model.safetensors",
            "model.safetensors: cannot be read",
        ),
        (
            "text_encoder/config.json",
            "text_encoder/config.json: cannot be read",
        ),
        (
            "vae/diffusion_pytorch_model.safetensors",
            "vae/diffusion_pytorch_model.safetensors: cannot be read",
        ),
    ] {
        let pipeline = Pipeline::stable_diffusion();
        let prompts = pipeline.prompts("prompts.txt", "a cat\n");
        let path = pipeline.file(part);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        pipeline.refused(&prompts, &[], &[expected]);
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    // T5's embeddings are wider than what the UNet takes.
    let pipeline = Pipeline::stable_diffusion();
    let prompts = pipeline.prompts("prompts.txt", "a cat\n");
    copy(
        &data("text/t5/text_encoder"),
        &pipeline.file("text_encoder"),
    );
    pipeline.refused(
        &prompts,
        &[],
        &["text_encoder/config.json: d_model: 24 is not allowed; expected 12"],
    );
    for (part, key, value, expected) in [
        (
            "text_encoder",
            "architectures",
            r#"["BertModel"]"#,
            "BertModel",
        ),
        (
            "text_encoder",
            "hidden_act",
            r#""gelu""#,
            "expected \"quick_gelu\"",
        ),
        (
            "text_encoder",
            "num_attention_heads",
            "5",
            "a divisor of hidden_size, 12",
        ),
        (
            "text_encoder",
            "vocab_size",
            "-1",
            "vocab_size: -1 is not allowed",
        ),
        (
            "text_encoder",
            "intermediate_size",
            "21",
            "mlp.fc1.weight: shape [20, 12]",
        ),
        (
            "vae",
            "latent_channels",
            "16",
            "expected 4, the channels of the denoiser's latents",
        ),
        (
            "vae",
            "_class_name",
            r#""AutoencoderTiny""#,
            "expected \"AutoencoderKL\"",
        ),
        (
            "vae",
            "shift_factor",
            "0.1",
            "shift_factor: 0.1 is not allowed",
        ),
        (
            "vae",
            "block_out_channels",
            "[]",
            "block_out_channels: [] is not allowed",
        ),
        ("vae", "invented", "7", "invented: 7 is not allowed"),
    ] {
        let pipeline = Pipeline::stable_diffusion();
        let prompts = pipeline.prompts("prompts.txt", "a cat\n");
        let file = pipeline.file(part).join("config.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let mut config: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        config.insert(key.to_owned(), serde_json::from_str(value).unwrap());
        std::fs::write(&file, serde_json::to_string(&config).unwrap()).unwrap();
        pipeline.refused(&prompts, &[], &[expected]);
    }
}

#[test]
fn tokens_that_the_text_encoder_does_not_know_are_refused() {
    let pipeline = Pipeline::stable_diffusion();
    let prompts = pipeline.prompts("prompts.txt", "a cat\n");
    let [vocabulary, config] =
        ["vocab.json", "tokenizer_config.json"].map(|name| pipeline.file("tokenizer").join(name));
    let text = std::fs::read_to_string(&vocabulary).unwrap();
    let mut numbers: BTreeMap<String, usize> = serde_json::from_str(&text).unwrap();
    let count = numbers.len();
    numbers.insert("<pad>".to_owned(), count);
    std::fs::write(&vocabulary, serde_json::to_string(&numbers).unwrap()).unwrap();
    std::fs::write(&config, r#"{"pad_token": "<pad>"}"#).unwrap();
    let expected = format!("token: {count} is not allowed; expected less than");
    pipeline.refused(&prompts, &[], &[&expected, "vocab_size"]);
}

/// Tensors by name.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

#[test]
fn weights_that_cannot_be_used_are_refused() {
    let name = "text_model.encoder.layers.1.mlp.fc2.weight";
    let changes: [(&dyn Fn(&mut Tensors), &[&str]); 2] = [
        (
            &|tensors| {
                tensors.remove(name);
            },
            &[
                name,
                "nothing is not allowed; expected a tensor of shape [12, 20]",
            ],
        ),
        (
            // NaN in f16.
            &|tensors| {
                tensors.get_mut(name).unwrap().2[10..12].copy_from_slice(&0x7e00u16.to_le_bytes());
            },
            &["model.safetensors", name, "NaN at element 5"],
        ),
    ];
    for (change, parts) in changes {
        let pipeline = Pipeline::stable_diffusion();
        let prompts = pipeline.prompts("prompts.txt", "a cat\n");
        let file = pipeline.file("text_encoder/model.safetensors");
        let bytes = std::fs::read(&file).unwrap();
        let owned = |view: TensorView<'_>| {
            let shape = view.shape().to_vec();
            (view.dtype(), shape, view.data().to_vec())
        };
        let stored = SafeTensors::deserialize(&bytes).unwrap().tensors();
        let stored = stored.into_iter();
        let mut tensors: Tensors = stored.map(|(name, view)| (name, owned(view))).collect();
        change(&mut tensors);
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        std::fs::write(&file, serialize(views, None).unwrap()).unwrap();
        pipeline.refused(&prompts, &[], parts);
    }
    let pipeline = Pipeline::stable_diffusion();
    let prompts = pipeline.prompts("prompts.txt", "a cat\n");
    let file = pipeline.file("vae/diffusion_pytorch_model.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..5000]).unwrap();
    pipeline.refused(
        &prompts,
        &[],
        &["vae", "expected a complete safetensors file"],
    );
}
