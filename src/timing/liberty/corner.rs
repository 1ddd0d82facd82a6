//! The files of a library at one operating condition.

use super::{LibertyError, Library, text_of};
use std::path::{Path, PathBuf};

/// One Liberty file, or the several that a library is split into, as that of ASAP7 is by kind
/// of cell.
#[derive(Clone, Debug)]
pub struct Corner {
    files: Vec<(PathBuf, String)>,
}

impl Corner {
    /// Reads `.lib` files, or gzipped ones (told by their content): one, or several that are
    /// joined by `+`.
    ///
    /// # Errors
    /// [`LibertyError::Read`].
    pub fn read(files: &Path) -> Result<Self, LibertyError> {
        // A file may have a + in its name.
        let list = files.to_str().filter(|_| !files.exists());
        let files: Vec<PathBuf> = match list {
            Some(list) => list.split('+').map(PathBuf::from).collect(),
            None => vec![files.to_owned()],
        };
        let read = |file: PathBuf| Ok((file.clone(), text_of(&file)?));
        Ok(Self {
            files: files.into_iter().map(read).collect::<Result<_, _>>()?,
        })
    }

    /// Names of the files without folders, joined by `+`.
    pub fn name(&self) -> String {
        let name = |(file, _): &(PathBuf, String)| {
            let name = file.file_name().unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        self.files.iter().map(name).collect::<Vec<_>>().join("+")
    }

    /// The unpacked texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, text)| text.as_str())
    }

    /// All cells as one library, with the name of the first.
    ///
    /// # Errors
    /// [`LibertyError`] names the file, line and cell: of a text that is not what it should
    /// be, of a cell that two files have, and of files for different conditions.
    pub fn library(&self) -> Result<Library, LibertyError> {
        let mut whole: Option<Library> = None;
        for (file, text) in &self.files {
            let part = Library::parse(text).map_err(|mistake| mistake.in_file(file))?;
            whole = Some(match whole {
                None => part,
                Some(whole) => join(whole, part, file)?,
            });
        }
        Ok(whole.expect("a file at least"))
    }
}

fn join(mut whole: Library, part: Library, file: &Path) -> Result<Library, LibertyError> {
    let refuse = |message: String| LibertyError::Corner {
        file: file.to_owned(),
        message,
    };
    let condition = |l: &Library| (l.voltage, l.temperature);
    if condition(&whole) != condition(&part) {
        let text = |l: &Library| match l.temperature {
            Some(temperature) => format!("{} V at {temperature} °C", l.voltage),
            None => format!("{} V", l.voltage),
        };
        return Err(refuse(format!(
            "it is of {}; expected {}, as in the file before the +",
            text(&part),
            text(&whole)
        )));
    }
    for (name, cell) in part.cells {
        if whole.cells.insert(name.clone(), cell).is_some() {
            return Err(refuse(format!(
                "cell {name} is in a file before the + as well; expected each cell once"
            )));
        }
    }
    Ok(whole)
}
