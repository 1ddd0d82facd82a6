//! A queue, see `drift_fifo`.

/// `drift_fifo`.
pub(super) struct Fifo<T> {
    memory: Vec<T>,
    write: usize,
    read: usize,
    fill: usize,
}

impl<T: Clone + Default> Fifo<T> {
    pub(super) fn new(depth: usize) -> Self {
        Self {
            memory: vec![T::default(); depth],
            write: 0,
            read: 0,
            fill: 0,
        }
    }

    pub(super) fn in_ready(&self) -> bool {
        self.fill < self.memory.len()
    }

    pub(super) fn out_valid(&self) -> bool {
        self.fill > 0
    }

    /// What the output shows, valid or not.
    pub(super) fn out(&self) -> &T {
        &self.memory[self.read]
    }

    pub(super) fn tick(&mut self, push: Option<T>, out_ready: bool) {
        let pop = self.out_valid() && out_ready;
        if let Some(entry) = push.filter(|_| self.in_ready()) {
            self.memory[self.write] = entry;
            self.write = (self.write + 1) % self.memory.len();
            self.fill += 1;
        }
        if pop {
            self.read = (self.read + 1) % self.memory.len();
            self.fill -= 1;
        }
    }
}
