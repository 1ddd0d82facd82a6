//! Lists of shapes and constants, good and bad.

use crate::energy::Constants;
use crate::energy::constants::pj_per_byte;
use crate::energy::shapes::parse;
use std::path::Path;

#[test]
fn on_chip_memories_follow_their_nodes() {
    let constants = Constants::shipped();
    for memories in [&constants.buffer, &constants.accumulator] {
        for memory in memories {
            assert!((pj_per_byte(memories, memory.nm) - memory.pj_per_byte).abs() < 1e-12);
        }
        let between = pj_per_byte(memories, 14.0);
        assert!(memories[1].pj_per_byte < between && between < memories[0].pj_per_byte);
        assert!(pj_per_byte(memories, 130.0) > memories[0].pj_per_byte);
        assert_eq!(pj_per_byte(&memories[..1], 3.0), memories[0].pj_per_byte);
    }
    assert_eq!(constants.node("sky130-ss-n40C").unwrap(), 130.0);
    assert_eq!(constants.node("scaled-14nm").unwrap(), 14.0);
}

const LIST: &str = "\
model,layer_name,block_index,kind,M,N,K,count
x,pos_embed.proj,-1,conv2x2s2,2048,1152,16,1
x,transformer_blocks.0.attn1.qk,0,attn_qk_self,1024,1024,72,16
";

#[test]
fn shape_lists_are_read_and_doubled_by_guidance() {
    let shapes = parse(LIST, Path::new("x.csv")).unwrap();
    assert_eq!((shapes[0].block, shapes[1].block), (None, Some(0)));
    assert_eq!(
        (shapes[1].m, shapes[1].n, shapes[1].k, shapes[1].count),
        (1024, 1024, 72, 16)
    );
    assert_eq!(shapes[0].clone().guided().m, 4096);
    assert_eq!(shapes[1].clone().guided().count, 32);
    let bare = parse(
        "layer_name,block_index,kind,M,N,K\na,1,linear,2,3,4\n",
        Path::new("x"),
    );
    assert_eq!(bare.unwrap()[0].count, 1);
}

#[test]
fn bad_shape_lists_are_refused_with_the_place() {
    let error = |text: &str| parse(text, Path::new("x.csv")).unwrap_err().to_string();
    assert!(error("a,b\n1,2\n").contains("no column \"layer_name\""));
    assert!(error("layer_name,block_index,kind,M,N,K\n").contains("holds no GEMM"));
    assert_eq!(
        error(&LIST.replace("1024,1024,72", "1024,0,72")),
        "x.csv:3: N: 0 is not allowed; expected an integer in 1..=16777215"
    );
    assert_eq!(
        error(&LIST.replace(",-1,", ",-2,")),
        "x.csv:2: block_index: -2 is not allowed; expected -1 or 0..=65535"
    );
    assert!(error(&LIST.replace("72,16", "70000,16")).contains("K: 70000"));
    assert!(error("layer_name,block_index,kind,M,N,K\na,1\n").starts_with("x.csv: "));
    for kind in [
        "convolution",
        "conv3x2",
        "conv3",
        "conv0x0",
        "conv3x3s0",
        "attn",
    ] {
        let message = error(&LIST.replace("conv2x2s2", kind));
        let start = format!("x.csv:2: kind: {kind} is not allowed; expected linear, attn_qk_self");
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn bad_constants_are_refused() {
    let text = include_str!("../../../configs/energy.yaml");
    let error = |from: &str, to: &str| {
        assert!(text.contains(from));
        let changed = text.replacen(from, to, 1);
        Constants::from_yaml(&changed, Path::new("e.yaml"))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("    value: 0.8\n", "    value: 1.5\n"),
        "e.yaml: memories.ddr4-3200.efficiency: 1.5 is not allowed; expected a share above 0 and up to 1"
    );
    assert!(error("value: 24\n", "value: -1\n").contains("buffer_mib: -1"));
    assert!(error("drift-energy/1", "drift-energy/2").contains("schema"));
    assert!(error("pj_per_byte: 12.5", "pj_per_byte: 0").contains("buffer[0].pj_per_byte: 0"));
    assert!(error("- nm: 7\n", "- nm: 45\n").contains("buffer[1].nm: 45"));
    assert!(error("buffer_mib:", "bufer_mib:").contains("bufer_mib"));
    assert!(error("channels: 1", "channels: 0").contains("memories.ddr4-3200.channels: 0"));
    assert!(error("name: hbm2", "name: ddr4-3200").contains("memories[3].name: ddr4-3200"));
    let unknown = Constants::shipped()
        .memory("lpddr")
        .unwrap_err()
        .to_string();
    assert_eq!(
        unknown,
        "memory lpddr is not allowed; expected one of ddr4-3200, ddr4-3200-1chip, ddr4-3200-4ch, \
         hbm2"
    );
    let unknown = Constants::shipped().node("gf180").unwrap_err().to_string();
    assert!(unknown.contains("gf180") && unknown.contains("sky130, 14nm"));
}
