# The starter: starts a crew's jobs, waits for them, and is their guardian.
#
# A small process beside each crew. Node is a dear parent (it forks with its whole page table); this one forks at a
# small constant cost, and since it is the jobs' parent it knows exactly how each ended. It touches no file of the
# project, so that it can kill on time while a file server hangs: each job's files are opened in the job's own process.
#
# Standard input, frames of a 4-byte big-endian length and fields separated by NUL:
#   run SLOT NICE TIMEOUT_MS GRACE_MS OUT ERR CWD ARGC ARG... NAME=VALUE...   start a job in a session of its own
#   series SLOT NICE GRACE_MS CWD NAME=VALUE...                               what comes in the slot now is tasks
#   task SLOT TIMEOUT_MS OUT ERR ARGC ARG... NAME=VALUE...                    one of them; ARG is a path with a slash
#   close SLOT                                                                it was the last
#   stop SLOT GRACE_MS                                                        SIGTERM now, SIGKILL after the grace; tasks
#                                                                             that wait in the slot are dropped
#   beat MS                                                                   all is well for the next MS
# Standard output, lines:
#   started SLOT PID
#   ended SLOT exit CODE WHY | ended SLOT signal NUMBER WHY     WHY: own, timeout, stopped or silence
#   failed SLOT MESSAGE                                         the job could not be started
#   dropped SLOT                                                the task waited behind one that was stopped
#   idle SLOT                                                   the shell of a series is gone, and nothing waits
#   closed SLOT                                                 nothing is left of the series
#
# When the input ends, or no beat came in time, every job's whole process group is killed.
#
# A series is for many short tasks. A shell of its own runs them one after another: it forks and executes at half of what
# it costs this program, and tells of each end. So the tasks of a series share a process group, and what one leaves
# running ends with the series; and, as shells have it, an exit code from 129 to 192 says which signal ended a task. A
# shell that dies is made anew for what was still to run.
use strict;
use warnings;
use Fcntl qw(F_SETFL F_SETFD O_NONBLOCK O_WRONLY O_CREAT O_APPEND);
use POSIX qw(:sys_wait_h :signal_h setsid _exit);

my (%jobs, %pid_of_slot, %problem);    # jobs by pid: slot, deadline, grace, kill_at, why, drop; status once only its group is left
my %series;                            # by slot: nice, grace, cwd, env; tasks without an end, the first of which runs; closing;
                                       # while its shell lives: input, and what that has not taken yet
my $reports = '';                      # what shells told of tasks that ended
my $all_signals = POSIX::SigSet->new;
$all_signals->fillset;
my ($input, $output, $problems, $silence_at, $open) = ('', '', '', undef, 1);

pipe(my $child_r, my $child_w)     or die "pipe: $!";
pipe(my $problem_r, my $problem_w) or die "pipe: $!";
pipe(my $report_r, my $report_w)   or die "pipe: $!";    # all are closed on exec
fcntl($_, F_SETFL, O_NONBLOCK) for $child_r, $child_w, $problem_r, $report_r, \*STDOUT;
$SIG{CHLD} = sub { syswrite $child_w, '.' };
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT PIPE);

# Seconds since boot, suspended time included; wall time where there is no /proc. It stays open: this is asked often.
my $uptime;
open $uptime, '<', '/proc/uptime' or undef $uptime;

sub now {
    return time if !defined $uptime || !defined sysseek $uptime, 0, 0;
    sysread $uptime, my $text, 64 or return time;
    return (split ' ', $text)[0];
}

sub kill_group { my ($signal, $pid) = @_; kill $signal, -$pid or kill $signal, $pid }

sub run_job {
    my ($slot, $nice, $timeout, $grace, $out, $err, $cwd, $argc, @rest) = @_;
    # Whoever fenced this crew counts on it that nothing starts once the beats have stopped.
    if (defined $silence_at && $silence_at <= now()) { $output .= "failed $slot the crew's heartbeat has stopped\n"; return }
    my $argv = [splice @rest, 0, $argc];
    my $pid  = start($slot, $nice, $cwd, \@rest, $argv, sub {
        my ($fail) = @_;
        open STDIN, '<', '/dev/null' or $fail->('cannot open /dev/null');
        redirect(1, $out) or $fail->("cannot open $out");
        redirect(2, $err) or $fail->("cannot open $err");
    });
    if (!defined $pid) { $output .= "failed $slot cannot fork: $!\n"; return }
    $jobs{$pid} = { slot => $slot, grace => $grace / 1000, why => 'own', deadline => deadline($timeout) };
}

sub deadline { my ($timeout) = @_; return $timeout eq '' ? undef : now() + $timeout / 1000 }

# A process in a session of its own; returns its pid. `furnish` is called in it to open its files.
sub start {
    my ($slot, $nice, $cwd, $env, $argv, $furnish) = @_;
    # A signal for the new group must find the job's own handlers, not ours, which ignore it: until then it waits.
    my $before = POSIX::SigSet->new;
    sigprocmask(SIG_BLOCK, $all_signals, $before);
    my $pid = fork;
    if (defined $pid && $pid == 0) { become_job($before, $slot, $nice, $cwd, $env, $argv, $furnish) }
    sigprocmask(SIG_SETMASK, $before);
    return undef if !defined $pid;
    $pid_of_slot{$slot} = $pid;
    $output .= "started $slot $pid\n";
    return $pid;
}

# In the child. What goes wrong is told through the pipe, so that it is never taken for the job's own exit code.
sub become_job {
    my ($before, $slot, $nice, $cwd, $env, $argv, $furnish) = @_;
    my $fail = sub {
        my $message = substr("$slot $_[0]: $!", 0, 2000) =~ tr/\n/ /r;
        syswrite $problem_w, "$message\n";
        _exit(127);
    };
    setsid();
    $SIG{$_} = 'DEFAULT' for qw(CHLD INT TERM HUP QUIT PIPE);
    sigprocmask(SIG_SETMASK, $before);
    if ($cwd ne '') { chdir $cwd or $fail->("cannot enter $cwd") }
    for (@$env) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
    $furnish->($fail);
    become_nice($nice) or $fail->("cannot set nice $nice") if $nice;
    no warnings 'exec';
    exec { $argv->[0] } @$argv or $fail->("cannot run $argv->[0]");
}

# Many kernels weigh sessions against each other (see sched(7), autogroup), so that niceness counts only among the
# processes of one: then the job's session is made as nice as its process. Those of other users than root may be told so
# ten times a second; one that comes in between stays as it is.
sub become_nice {
    my ($nice) = @_;
    setpriority(0, 0, getpriority(0, 0) + $nice) or return 0;
    if (sysopen my $session, '/proc/self/autogroup', O_WRONLY) { syswrite $session, getpriority(0, 0) }
    return 1;
}

sub redirect {
    my ($fd, $path) = @_;
    my $file = POSIX::open($path, O_WRONLY | O_CREAT | O_APPEND, 0600) // return 0;
    POSIX::dup2($file, $fd) // return 0;
    POSIX::close($file) if $file != $fd;
    return 1;
}

# The shell of a series takes its script from a pipe, whose end is that of the series. Descriptor 3 is where it reports.
sub start_shell {
    my ($slot) = @_;
    my $its = $series{$slot};
    my @tasks = @{ $its->{tasks} };
    if (defined $silence_at && $silence_at <= now()) {
        $output .= "failed $slot the crew's heartbeat has stopped\n" for splice @{ $its->{tasks} };
        return;
    }
    my $pid;
    if (pipe my $script, my $input) {
        $pid = start($slot, $its->{nice}, $its->{cwd}, $its->{env}, ['/bin/sh', '/dev/stdin'], sub {
            my ($fail) = @_;
            POSIX::dup2(fileno $script, 0) // $fail->('cannot pass on the tasks');
            for my $fd (1, 2) { redirect($fd, '/dev/null') or $fail->('cannot open /dev/null') }
            if (fileno $report_w == 3) { fcntl $report_w, F_SETFD, 0 }
            else { POSIX::dup2(fileno $report_w, 3) // $fail->('cannot pass on where to report') }
        });
        fcntl $input, F_SETFL, O_NONBLOCK;
        $its->{input} = $input;
    }
    if (!defined $pid) { $output .= "failed $slot cannot fork: $!\n" for splice @{ $its->{tasks} }; return }
    $jobs{$pid} = { slot => $slot, grace => $its->{grace}, why => 'own', series => $its,
        deadline => deadline($tasks[0]{timeout}) };
    # From here on its tasks have nothing on their standard input.
    $its->{script} = join '', "exec </dev/null\n", map { $_->{script} } @tasks;
    feed($its);
}

# What a shell has no room for yet waits here: this program must never stand still.
sub feed {
    my ($its) = @_;
    while (defined $its->{input} && $its->{script} ne '') {
        my $count = syswrite $its->{input}, $its->{script};
        if (!defined $count) { $its->{script} = '' if !$!{EAGAIN} && !$!{EINTR}; return }
        substr($its->{script}, 0, $count) = '';
    }
}

# What it takes to pass on variables whose names are none to a shell, such as functions that bash exports.
my @odd     = map { "$_=$ENV{$_}" } grep { !/^[A-Za-z_][A-Za-z0-9_]*$/ } keys %ENV;
my $through = @odd ? quoted('/usr/bin/env', @odd) . ' ' : '';
my $umask   = sprintf '; umask %04o', umask;

sub quoted { return join ' ', map { "'" . s/'/'\\''/gr . "'" } @_ }

# Its output first: a shell that cannot open it ends, and so tells it from a task that failed.
sub script_of {
    my ($slot, $out, $err, $argv, $env) = @_;
    my $variables = join '', map { my ($name, $value) = split /=/, $_, 2; "$name=" . quoted($value) . ' ' } @$env;
    return 'umask 077; exec 4>>' . quoted($out) . ' 5>>' . quoted($err) . "$umask\n"
      . $variables . $through . quoted(@$argv) . " >&4 2>&5 3>&- 4>&- 5>&-\n"
      . "echo $slot \$? >&3\n";
}

sub add_task {
    my ($slot, $timeout, $out, $err, $argc, @rest) = @_;
    my $its  = $series{$slot} or return;
    my $argv = [splice @rest, 0, $argc];
    my $task = { timeout => $timeout, files => "$out or $err", script => script_of($slot, $out, $err, $argv, \@rest) };
    push @{ $its->{tasks} }, $task;
    my $pid = $pid_of_slot{$slot};
    return start_shell($slot) if !defined $pid;
    my $job = $jobs{$pid};
    $job->{deadline} = deadline($timeout) if @{ $its->{tasks} } == 1;
    # A shell that is being stopped takes nothing more: the next one does.
    return if defined $job->{kill_at};
    $its->{script} .= $task->{script};
    feed($its);
}

sub take_reports {
    while (sysread $report_r, $reports, 65536, length $reports) { }
    while ($reports =~ s/^(\d+) (\d+)\n//) {
        my ($slot, $code) = ($1, $2);
        my $its = $series{$slot} or next;
        my $job = $jobs{ $pid_of_slot{$slot} // 0 };
        shift @{ $its->{tasks} } or next;
        $output .= ended($slot, $code > 128 && $code <= 192 ? ('signal', $code - 128) : ('exit', $code), 'own');
        $job->{deadline} = @{ $its->{tasks} } ? deadline($its->{tasks}[0]{timeout}) : undef if defined $job;
        close_series($slot) if $its->{closing};
    }
}

sub ended { my ($slot, @how) = @_; return "ended $slot @how\n" }

# A shell is gone: by itself at the end of its series, or with the task that ran.
sub end_shell {
    my ($job, $slot, @how) = @_;
    my $its = $job->{series};
    delete @$its{qw(input script)};
    take_reports();
    my $task    = $its->{tasks}[0];
    my $problem = delete $problem{$slot};
    # Stopped because of a task that had ended in that very moment: the one behind it runs again.
    my $is_innocent = $job->{why} eq 'timeout' && defined $task && $task != ($job->{late} // 0);
    if (defined $task && !$is_innocent) {
        shift @{ $its->{tasks} };
        if    (defined $problem)      { $output .= "failed $slot $problem\n" }
        elsif ($how[0] eq 'signal' || $job->{why} ne 'own') { $output .= ended($slot, @how, $job->{why}) }
        else                          { $output .= "failed $slot cannot open $task->{files}\n" }
    }
    if ($job->{drop}) { $output .= "dropped $slot\n" for splice @{ $its->{tasks} } }
    if (@{ $its->{tasks} }) { start_shell($slot) }
    else                    { $output .= "idle $slot\n" }
    close_series($slot) if $its->{closing};
}

# Told once nothing is left of it: then what its tasks had may go to others.
sub close_series {
    my ($slot) = @_;
    my $its = $series{$slot} or return;
    $its->{closing} = 1;
    # At the end of its script a shell ends.
    if (defined $pid_of_slot{$slot}) { delete $its->{input} if !@{ $its->{tasks} }; return }
    delete $series{$slot};
    $output .= "closed $slot\n";
}

sub end_job {
    my ($pid, $status) = @_;
    my $job = $jobs{$pid} or return;
    # Of a job that is told to stop, a shell dies first: what it had started has the rest of the grace.
    if (defined $job->{kill_at} && $job->{kill_at} > now() && kill 0, -$pid) { $job->{status} = $status; return }
    delete $jobs{$pid};
    my $slot = $job->{slot};
    delete $pid_of_slot{$slot};
    kill 'KILL', -$pid;    # what it left behind ends with it
    my @how = $status & 127 ? ('signal', $status & 127) : ('exit', $status >> 8);
    return end_shell($job, $slot, @how) if defined $job->{series};
    if (defined(my $message = delete $problem{$slot})) { $output .= "failed $slot $message\n" }
    else                                               { $output .= ended($slot, @how, $job->{why}) }
}

sub reap {
    while (sysread $child_r, my $dots, 4096) { }
    while ((my $pid = waitpid -1, WNOHANG) > 0) {
        my $status = $?;
        # A child tells its problem before it exits, so what it told is here by now.
        sysread $problem_r, $problems, 65536, length $problems;
        $problem{$1} = $2 while $problems =~ s/^(\d+) ([^\n]*)\n//;
        end_job($pid, $status);
    }
}

sub stop_job {
    my ($job, $pid, $why, $grace) = @_;
    my $kill_at = now() + $grace;
    # Told again: only the grace may become shorter.
    if (defined $job->{kill_at}) { $job->{kill_at} = $kill_at if $kill_at < $job->{kill_at}; return }
    $job->{why}     = $why;
    $job->{kill_at} = $kill_at;
    $job->{late}    = $job->{series}{tasks}[0] if defined $job->{series};
    kill_group('TERM', $pid);
    kill_group('CONT', $pid);
}

sub kill_all {
    my ($why) = @_;
    for my $pid (keys %jobs) {
        my $job = $jobs{$pid};
        $job->{why}  = $why;
        $job->{drop} = 1;
        kill_group('KILL', $pid);
        # Its first process has been waited for already: nothing else would end it.
        if (defined $job->{status}) { $job->{kill_at} = 0; end_job($pid, $job->{status}) }
    }
}

# Acts on what is due; returns the seconds until the next thing is.
sub keep_time {
    my $now  = now();
    my $next = 3600;
    for my $pid (keys %jobs) {
        my $job = $jobs{$pid};
        if (defined $job->{status}) {
            if ($job->{kill_at} <= $now || !kill 0, -$pid) { end_job($pid, $job->{status}) }
            $next = 0.02;
            next;
        }
        if (defined $job->{kill_at} && $job->{kill_at} <= $now) { kill_group('KILL', $pid); $job->{kill_at} = $now + 1 }
        elsif (!defined $job->{kill_at} && defined $job->{deadline} && $job->{deadline} <= $now) {
            take_reports();    # a task that has ended is not late
            stop_job($job, $pid, 'timeout', $job->{grace}) if defined $job->{deadline} && $job->{deadline} <= $now;
        }
        my $due = $job->{kill_at} // $job->{deadline};
        $next = $due - $now if defined $due && $due - $now < $next;
    }
    if (defined $silence_at && %jobs) {
        if ($silence_at <= $now) { kill_all('silence'); $next = 1 }
        elsif ($silence_at - $now < $next) { $next = $silence_at - $now }
    }
    return $next < 0.01 ? 0.01 : $next;
}

sub obey {
    my ($verb, @fields) = split /\0/, $_[0], -1;
    if    ($verb eq 'run')   { run_job(@fields) }
    elsif ($verb eq 'beat')  { $silence_at = now() + $fields[0] / 1000 }
    elsif ($verb eq 'task')  { add_task(@fields) }
    elsif ($verb eq 'close') { close_series($fields[0]) }
    elsif ($verb eq 'series') {
        my ($slot, $nice, $grace, $cwd, @env) = @fields;
        $series{$slot} = { nice => $nice, grace => $grace / 1000, cwd => $cwd, env => \@env, tasks => [], script => '' };
    }
    elsif ($verb eq 'stop') {
        take_reports() if %series;
        my $pid = $pid_of_slot{ $fields[0] };
        return if !defined $pid || (defined $jobs{$pid}{series} && !@{ $jobs{$pid}{series}{tasks} });
        $jobs{$pid}{drop} = 1;
        stop_job($jobs{$pid}, $pid, 'stopped', $fields[1] / 1000);
    }
}

sub take_input {
    my $count = sysread STDIN, $input, 65536, length $input;
    if (!defined $count) { return if $!{EINTR} || $!{EAGAIN}; $count = 0 }
    if ($count == 0) { $open = 0; kill_all('silence'); return }
    while (length $input >= 4) {
        my $size = unpack 'N', $input;
        last if length($input) < 4 + $size;
        my $frame = substr $input, 4, $size;
        substr($input, 0, 4 + $size) = '';
        obey($frame);
    }
}

sub give_output {
    return if $output eq '';
    my $count = syswrite STDOUT, $output;
    if (defined $count) { substr($output, 0, $count) = '' }
    elsif (!$!{EAGAIN} && !$!{EINTR}) { $output = '' }    # the crew is gone; the end of input will say so
}

while ($open || %jobs) {
    give_output();
    my ($want_read, $want_write) = ('', '');
    vec($want_read, fileno $child_r, 1) = 1;
    vec($want_read, fileno STDIN,    1) = 1 if $open;
    vec($want_write, fileno STDOUT,  1) = 1 if $output ne '' && $open;
    vec($want_read, fileno $report_r, 1) = 1;
    my @hungry = grep { defined $_->{input} && $_->{script} ne '' } values %series;
    vec($want_write, fileno $_->{input}, 1) = 1 for @hungry;
    my $ready = select $want_read, $want_write, undef, $open ? keep_time() : 1;
    if ($ready > 0) {
        feed($_) for @hungry;
        take_reports() if vec($want_read, fileno $report_r, 1);
        take_input()   if $open && vec($want_read, fileno STDIN, 1);
    }
    reap() if %jobs;
    kill_all('silence') if !$open;
}
