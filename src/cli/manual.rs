//! What shells and `man` want to know about the command line. It is generated
//! from the definition that also reads it.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::args::Cli;
use super::complain;

/// Prints the completions for a shell.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "wirechat", &mut script);
    print(&script)
}

/// Prints the manual page: the program, then each of its commands.
pub(super) fn page() -> ExitCode {
    match render() {
        Ok(page) => print(&page),
        Err(error) => complain(format_args!("cannot make the page: {error}")),
    }
}

fn render() -> io::Result<Vec<u8>> {
    let mut program = Cli::command();
    program.build();
    let mut page = Vec::new();
    let man = Man::new(program.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for command in program.get_subcommands().filter(|it| it.get_name() != "help") {
        section(command, &mut page)?;
    }
    Ok(page)
}

/// One command, with a heading of its own instead of those of a whole page.
fn section(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(command.clone().disable_help_flag(true));
    let mut parts = Vec::new();
    man.render_synopsis_section(&mut parts)?;
    man.render_description_section(&mut parts)?;
    man.render_options_section(&mut parts)?;
    man.render_extra_section(&mut parts)?;
    let title = format!("wirechat {}", command.get_name()).to_uppercase();
    writeln!(page, ".SH \"{title}\"")?;
    let parts = String::from_utf8_lossy(&parts);
    page.extend(parts.replace(".SH EXTRA", ".SS NOTES").replace(".SH ", ".SS ").into_bytes());
    Ok(())
}

/// That nobody reads it is not our trouble.
fn print(text: &[u8]) -> ExitCode {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text).and_then(|()| out.flush());
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_command_with_every_option() {
        let page = String::from_utf8(render().expect("memory can be written")).expect("UTF-8");
        let mut program = Cli::command();
        program.build();
        for command in program.get_subcommands().filter(|it| it.get_name() != "help") {
            let heading = format!("WIRECHAT {}", command.get_name().to_uppercase());
            assert!(page.contains(&heading), "{heading}");
            for option in command.get_arguments().filter_map(clap::Arg::get_long) {
                let option = option.replace('-', "\\-");
                assert!(option == "help" || page.contains(&option), "{option}");
            }
        }
    }

    #[test]
    fn every_shell_gets_completions_with_the_names_of_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "wirechat", &mut script);
            let script = String::from_utf8(script).expect("UTF-8");
            assert!(script.contains("join") && script.contains("allow-origin"), "{shell}");
        }
    }
}
