//! What a stage that may change nothing has left in the worktree doesn't get onto the branch.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use adw_core::Status;
use adw_engine::Programs;
use support::{Bench, git, repository, script, task};

/// A task whose test does this; the files that its branch has.
async fn files_after(test: &str) -> String {
    let tools = tempfile::tempdir().unwrap();
    let agent = script(tools.path(), "agent", "cat >/dev/null\necho x >>f\n");
    let config = format!(
        "[agents.mine]\nprofile = \"command\"\ncommand = [{:?}]\n\
         [stages.implement]\nplugin = \"builtin:implement\"\nagent = \"mine\"\n\
         [stages.implement.grants]\nworkspace = \"write\"\nagent = [\"*\"]\n\
         [stages.test]\nplugin = \"builtin:test\"\non_rework = \"implement\"\n\
         config = {{ command = \"bash t.sh\", trust_exit_code = true }}\n\
         [stages.test.grants]\nworkspace = \"read\"\nexec = [[\"bash\", \"**\"]]\n\
         [pipelines.default]\nstages = [\"implement\", \"test\"]\n",
        agent.display().to_string()
    );
    let folder = repository(&[("src/s.txt", "s\n"), ("t.sh", test)]);
    let bench = Bench::in_folder(folder, &config).await;
    let adw_id = bench.create(task("look")).await;
    let workflow = bench.ends_as(&adw_id, Status::Completed).await;
    bench.engine.shutdown(Programs::GoOn).await;
    assert!(!bench.path().join(".adw/trees").join(adw_id.as_str()).exists(), "its worktree is put away");
    git(bench.path(), &["ls-tree", "-r", "--name-only", &workflow.branch()])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_a_test_moved_and_replaced_by_a_symlink_is_taken_off_when_it_sends_the_work_back() {
    let test = "case \"$(wc -l <f)\" in 1) mv src src2; ln -s src2 src; echo j >junk; exit 1 ;; esac\n\
                test -d src -a ! -L src -a ! -e src2 -a ! -e junk\n";
    assert_eq!(files_after(test).await, "f\nsrc/s.txt\nt.sh\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_it_is_when_the_test_passes() {
    assert_eq!(files_after("mv src src2; ln -s src2 src; echo j >junk\n").await, "f\nsrc/s.txt\nt.sh\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_repository_that_a_test_made_are_taken_off() {
    let test = "git init -q app; echo x >app/x\n";
    assert_eq!(files_after(test).await, "f\nsrc/s.txt\nt.sh\n");
}
