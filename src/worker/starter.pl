# The starter: starts a crew's jobs, waits for them, and is their guardian.
#
# A small process beside each crew. Node is a dear parent (it forks with its whole page table); this one forks at a
# small constant cost, and since it is the jobs' parent it knows exactly how each ended. It touches no file of the
# project, so that it can kill on time while a file server hangs: each job's files are opened in the job's own process.
#
# Standard input, frames of a 4-byte big-endian length and fields separated by NUL:
#   run SLOT NICE TIMEOUT_MS GRACE_MS OUT ERR CWD ARGC ARG... NAME=VALUE...   start a job in a session of its own, or when
#                                                                             what the slot runs has ended
#   stop SLOT GRACE_MS                                                        SIGTERM now, SIGKILL after the grace; what
#                                                                             waits in the slot is dropped
#   beat MS                                                                   all is well for the next MS
# Standard output, lines:
#   started SLOT PID
#   ended SLOT exit CODE WHY | ended SLOT signal NUMBER WHY     WHY: own, timeout, stopped or silence
#   failed SLOT MESSAGE                                         the job could not be started
#   dropped SLOT                                                the job waited behind one that was stopped
#
# When the input ends, or no beat came in time, every job's whole process group is killed.
use strict;
use warnings;
use Fcntl qw(F_SETFL O_NONBLOCK O_WRONLY O_CREAT O_APPEND);
use POSIX qw(:sys_wait_h :signal_h setsid _exit);

my (%jobs, %pid_of_slot, %problem);    # jobs by pid: slot, deadline, grace, kill_at, why, drop; status once only its group is left
my %waiting;                           # by slot, what is to run there next
my $all_signals = POSIX::SigSet->new;
$all_signals->fillset;
my ($input, $output, $problems, $silence_at, $open) = ('', '', '', undef, 1);

pipe(my $child_r, my $child_w)     or die "pipe: $!";
pipe(my $problem_r, my $problem_w) or die "pipe: $!";    # both are closed on exec
fcntl($_, F_SETFL, O_NONBLOCK) for $child_r, $child_w, $problem_r, \*STDOUT;
$SIG{CHLD} = sub { syswrite $child_w, '.' };
$SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT PIPE);

# Seconds since boot, suspended time included; wall time where there is no /proc.
sub now {
    open my $uptime, '<', '/proc/uptime' or return time;
    return (split ' ', <$uptime>)[0];
}

sub kill_group { my ($signal, $pid) = @_; kill $signal, -$pid or kill $signal, $pid }

# One after another in each slot: the next starts at once when one ends, without asking the crew.
sub run_next {
    my ($slot) = @_;
    my $queue = $waiting{$slot} or return;
    while (!defined $pid_of_slot{$slot} && @$queue) { run_job(@{ shift @$queue }) }
    delete $waiting{$slot} if !@$queue;
}

# After the end of what runs there is told: ends are told in the order of the starts.
sub drop_waiting {
    my ($slot) = @_;
    my $queue = delete $waiting{$slot} or return;
    $output .= "dropped $slot\n" for @$queue;
}

sub run_job {
    my ($slot, $nice, $timeout, $grace, $out, $err, $cwd, $argc, @rest) = @_;
    # Whoever fenced this crew counts on it that nothing starts once the beats have stopped.
    if (defined $silence_at && $silence_at <= now()) { $output .= "failed $slot the crew's heartbeat has stopped\n"; return }
    # A signal for the new group must find the job's own handlers, not ours, which ignore it: until then it waits.
    my $before = POSIX::SigSet->new;
    sigprocmask(SIG_BLOCK, $all_signals, $before);
    my $pid = fork;
    if (!defined $pid) { sigprocmask(SIG_SETMASK, $before); $output .= "failed $slot cannot fork: $!\n"; return }
    if ($pid == 0) { become_job($before, $slot, $nice, $out, $err, $cwd, [splice @rest, 0, $argc], \@rest) }
    sigprocmask(SIG_SETMASK, $before);
    $jobs{$pid} = { slot => $slot, grace => $grace / 1000, why => 'own',
        deadline => $timeout eq '' ? undef : now() + $timeout / 1000 };
    $pid_of_slot{$slot} = $pid;
    $output .= "started $slot $pid\n";
}

# In the child. What goes wrong is told through the pipe, so that it is never taken for the job's own exit code.
sub become_job {
    my ($before, $slot, $nice, $out, $err, $cwd, $argv, $env) = @_;
    my $fail = sub {
        my $message = substr("$slot $_[0]: $!", 0, 2000) =~ tr/\n/ /r;
        syswrite $problem_w, "$message\n";
        _exit(127);
    };
    setsid();
    $SIG{$_} = 'DEFAULT' for qw(CHLD INT TERM HUP QUIT PIPE);
    sigprocmask(SIG_SETMASK, $before);
    setpriority(0, 0, getpriority(0, 0) + $nice) or $fail->("cannot set nice $nice") if $nice;
    open STDIN, '<', '/dev/null' or $fail->('cannot open /dev/null');
    redirect(1, $out) or $fail->("cannot open $out");
    redirect(2, $err) or $fail->("cannot open $err");
    if ($cwd ne '') { chdir $cwd or $fail->("cannot enter $cwd") }
    for (@$env) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
    no warnings 'exec';
    exec { $argv->[0] } @$argv or $fail->("cannot run $argv->[0]");
}

sub redirect {
    my ($fd, $path) = @_;
    my $file = POSIX::open($path, O_WRONLY | O_CREAT | O_APPEND, 0600) // return 0;
    POSIX::dup2($file, $fd) // return 0;
    POSIX::close($file) if $file != $fd;
    return 1;
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
    if (defined(my $message = delete $problem{$slot})) { $output .= "failed $slot $message\n" }
    elsif ($status & 127) { $output .= "ended $slot signal " . ($status & 127) . " $job->{why}\n" }
    else                  { $output .= "ended $slot exit " . ($status >> 8) . " $job->{why}\n" }
    if   ($job->{drop}) { drop_waiting($slot) }
    else                { run_next($slot) }
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
            stop_job($job, $pid, 'timeout', $job->{grace});
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
    if    ($verb eq 'run')  { push @{ $waiting{ $fields[0] } }, \@fields; run_next($fields[0]) }
    elsif ($verb eq 'beat') { $silence_at = now() + $fields[0] / 1000 }
    elsif ($verb eq 'stop') {
        my $pid = $pid_of_slot{ $fields[0] };
        return if !defined $pid;
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
    my $ready = select $want_read, $want_write, undef, $open ? keep_time() : 1;
    if ($ready > 0) {
        take_input() if $open && vec($want_read, fileno STDIN, 1);
    }
    reap() if %jobs;
    kill_all('silence') if !$open;
}
