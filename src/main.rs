use drift::*; use drift::cosim::*; use drift::fault::*;
fn main(){ let a:Vec<String>=std::env::args().collect(); let c=config::ArrayConfig::from_file(std::path::Path::new(&a[1])).unwrap();
 if a.len()>3 { let _=rtl::write(&rtl::generate(&c,"make rtl").unwrap(), std::path::Path::new(&a[2])); return; }
 let b=build(&c, BuildOptions::default(), |p,v| eprintln!("building {p:?} {v:?}")).unwrap_or_else(|e| panic!("{e}"));
 eprintln!("{:?}", b.elapsed);
 let m=Model::load(&b.object,&c).unwrap(); let mut s=m.simulator();
 let mut seed=1u32; let mut rnd=||{seed=seed.wrapping_mul(1664525).wrapping_add(1013904223); (seed>>24) as i8};
 if std::env::var("BARE").is_err() { for (i,(mm,k,n,ber,st)) in [(1,1,1,0.0,0),(5,3,2,0.0,0),(8,4,4,0.0,0),(17,9,9,0.0,0),(17,9,9,0.0,80),(64,64,64,1e-4,0),(64,128,128,1e-3,0),(64,128,128,1e-3,100),(640,128,512,1e-6,0),(1024,1024,512,0.0,0)].into_iter().enumerate() {
  let x=ndarray::Array2::from_shape_fn((mm,k),|_|rnd()); let w=ndarray::Array2::from_shape_fn((k,n),|_|rnd());
  for regs in [vec![Register::Psum], vec![Register::Activation],vec![Register::Weight],vec![Register::Valid], Register::ALL.to_vec()] {
  let sampler=Sampler::Uniform{ber, targets:Targets{registers:regs.clone(),bits:u32::MAX}, seed:5};
  let t=std::time::Instant::now();
  let r=check_gemm(&mut s,&Check{config:&c,gemm:i,x:x.view(),w:w.view(),sampler:&sampler,threshold_bit:c.threshold_bit,stalls:Stalls{act:st,weight:st,result:st,seed:3}},|_|{}).unwrap_or_else(|e| panic!("{e}"));
  let d=t.elapsed().as_secs_f64();
  println!("{mm}x{k}x{n} {regs:?} {:?} {:.1} ns/cycle {:.2} G/s {:?} {}", r.counters, d*1e9/r.counters.cycles.0 as f64, r.counters.cycles.0 as f64*(c.rows*c.columns) as f64/d/1e9, r.faults, r.divergence.map(|d|d.to_string()).unwrap_or_default());
  if ber==0.0 {break}
  }
 }
 } let n=1_000_000; let t=std::time::Instant::now(); m.simulator().run_bare(units::Cycles(n)); let d=t.elapsed().as_secs_f64(); println!("bare {:.1} ns/cycle", d*1e9/n as f64);
}
