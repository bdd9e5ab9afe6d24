#!/usr/bin/perl
# Makes the system calls that Node.js cannot make, in the order that a plan gives, and then becomes
# the program that the plan names. It decides nothing: the plan is written by plan.ts. Needs no
# module, and starts in about 5 ms.
#
#   namespace.pl PLAN_FD
#
# The plan is a list of strings, each with its length in front (32 bits, big endian). A step is its
# name, the number of its arguments, and the arguments. An argument is i<number>, s<bytes>, or
# v<name> for a number that an earlier step kept under that name.
#
# Any failure ends the start: one line of JSON to the parent {"error","step","errno"}, exit 125.
use strict;
use warnings;

my %value;                  # numbers that steps kept: descriptors, process ids, yes or no
my %number;                 # system call numbers of this processor
my $channel = $ENV{NODE_CHANNEL_FD};
delete $ENV{NODE_CHANNEL_FD};
my $inbox = '';             # bytes of the channel not yet read as a line

sub fail {
    my ($step, $errno, $why) = @_;
    $why =~ s/[^ -~]|["\\]/?/g;
    $step =~ s/[^ -~]|["\\]/?/g;
    my $line = sprintf qq({"error":"%s","step":"%s","errno":%d}\n), $why, $step, $errno;
    my $sent = defined $channel ? syscall($number{write} || 1, $channel + 0, $line, length $line) : -1;
    print STDERR "powerbox: cannot $step: $why\n" if $sent < 0;
    exit 125;
}

sub argument {
    my ($kind, $rest) = (substr($_[0], 0, 1), substr($_[0], 1));
    return $kind eq 'i' ? $rest + 0 : $kind eq 'v' ? ($value{$rest} // fail('read the plan', 0, "no $rest")) + 0 : $rest;
}

# A system call by name. Strings are passed as pointers to a copy.
sub call {
    my ($step, $name, @arguments) = @_;
    my $nr = $number{$name} // fail($step, 38, "no system call $name");
    my @copy = @arguments;
    my $result = syscall($nr, @copy);
    fail($step, $! + 0, "$!") if $result == -1;
    return $result;
}

sub write_file {
    my ($step, $path, $bytes) = @_;
    open(my $file, '>', $path) or fail($step, $! + 0, "$path: $!");
    my $done = syswrite($file, $bytes);
    fail($step, $! + 0, "$path: $!") if !defined $done || $done != length $bytes;
    close $file;
}

# One line from the parent; the end of the channel means that the parent is gone.
sub read_line {
    my ($step) = @_;
    while ($inbox !~ /\n/) {
        my $buffer = "\0" x 65536;
        my $size = syscall($number{read}, $channel + 0, $buffer, 65536);
        next if $size < 0 && $!{EINTR};
        exit 125 if $size <= 0;
        $inbox .= substr $buffer, 0, $size;
    }
    $inbox =~ s/^([^\n]*)\n//;
    return $1;
}

# Node's own way to pass a handle: one line of JSON with the descriptor beside it (SCM_RIGHTS),
# which the receiver acknowledges before anything else may be sent.
sub send_handle {
    my ($step, $fd, $line) = @_;
    $line .= "\n";
    my $vector = pack 'P Q', $line, length $line;
    my $control = pack 'Q l l l x4', 20, 1, 1, $fd;    # SOL_SOCKET, SCM_RIGHTS
    my $message = pack 'Q L x4 P Q P Q l x4', 0, 0, $vector, 1, $control, length $control, 0;
    call($step, 'sendmsg', $channel + 0, $message, 0);
    while (1) {
        my $answer = read_line($step);
        return if $answer =~ /"NODE_HANDLE_ACK"/;
        fail($step, 0, 'the handle was refused') if $answer =~ /"NODE_HANDLE_NACK"/;
    }
}

my %step;
%step = (
    numbers => sub { while (my ($name, $nr) = splice @_, 0, 2) { $number{$name} = $nr } },
    set     => sub { $value{$_[0]} = $_[1] },
    call    => sub { call(@_) },
    keep    => sub { my $name = shift; $value{$name} = call(@_) },
    mkdir   => sub { mkdir($_[0], $_[1]) or $!{EEXIST} or fail("make the folder $_[0]", $! + 0, "$!") },
    touch   => sub { open(my $file, '>>', $_[0]) or fail("make the file $_[0]", $! + 0, "$!") },
    write   => sub { write_file(@_) },
    # A user namespace that is only a table of ids, for a mount that maps them.
    idmap   => sub {
        my ($name, $users, $groups) = @_;
        pipe(my $ready_read, my $ready_write) or fail('map ids', $! + 0, "$!");
        pipe(my $done_read, my $done_write) or fail('map ids', $! + 0, "$!");
        my $child = fork // fail('map ids', $! + 0, "$!");
        if ($child == 0) {
            close $done_write;
            my $made = syscall($number{unshare}, 0x10000000);
            syswrite $ready_write, $made == 0 ? 'y' : 'n';
            sysread $done_read, my $end, 1;
            syscall($number{exit_group}, 0);
        }
        close $ready_write;
        sysread $ready_read, my $made, 1;
        fail('map ids', 1, 'user namespaces are refused') if ($made // '') ne 'y';
        write_file('map ids', "/proc/$child/uid_map", $users);
        write_file('map ids', "/proc/$child/gid_map", $groups);
        $value{$name} = call('map ids', 'openat', -100, "/proc/$child/ns/user\0", 02000000, 0);
        close $done_write;
        waitpid $child, 0;
    },
    # Lets the user namespace of the last argument say who owns the files of a detached mount.
    mapMount => sub {
        my ($name, $mount, $attributes, $ids) = @_;
        substr $attributes, 24, 8, pack('Q', $ids);
        # AT_EMPTY_PATH | AT_RECURSIVE
        call($name, 'mount_setattr', $mount, "\0", 0x9000, $attributes, length $attributes);
    },
    # Keeps 1 under the name when the kernel took every message, 0 when it refused one.
    netlink => sub {
        my ($name, $fd, $answers, $messages, $must) = @_;
        my $error = 0;
        my $target = pack 'S S L L', 16, 0, 0, 0;
        call("configure $name", 'sendto', $fd, $messages, length $messages, 0, $target, 12);
        while ($answers > 0 && !$error) {
            my $buffer = "\0" x 65536;
            my $size = syscall($number{recvfrom}, $fd, $buffer, 65536, 0, 0, 0);
            if ($size <= 0) { $error = $! + 0; last }
            for (my $at = 0; $at + 20 <= $size;) {
                my ($length, $type) = unpack 'L S', substr $buffer, $at, 6;
                if ($type == 2) {
                    my $code = unpack 'l', substr $buffer, $at + 16, 4;
                    $error ||= -$code;
                    $answers--;
                }
                last if $length < 16;
                $at += ($length + 3) & ~3;
            }
        }
        if ($error && $must) { $! = $error; fail("configure $name", $error, "$!") }
        $value{$name} = $error ? 0 : 1;
    },
    send    => sub { send_handle('hand over a listener', @_) },
    tell    => sub {
        my $line = join('', @_) . "\n";
        call('speak to the parent', 'write', $channel + 0, $line, length $line);
    },
    await   => sub { while (1) { last if read_line('wait') eq $_[0] } },
    # Ends with the parent, also when the parent ended before this was asked for.
    dieWithParent => sub {
        call('die with the parent', 'prctl', 1, 9, 0, 0, 0);
        exit 125 if getppid() != $_[0];
    },
    # The process that a descriptor was just opened for must be the one that is meant.
    same    => sub {
        my ($pid, $start) = @_;
        open(my $file, '<', "/proc/$pid/stat") or fail('find the box', 3, 'it has ended');
        my $line = <$file> // '';
        $line =~ s/^.*\) //s;
        fail('find the box', 3, 'it has ended') if ((split ' ', $line)[19] // '') ne $start;
    },
    # Everything after this runs in the child, which ends with this process; this process waits and
    # passes the child's end on. The pipe tells the child whether its parent ended before it asked
    # to end with it, which in a new pid namespace getppid cannot.
    fork    => sub {
        pipe(my $alive, my $holder) or fail('start a process', $! + 0, "$!");
        my $child = fork // fail('start a process', $! + 0, "$!");
        if ($child == 0) {
            close $holder;
            call('die with the parent', 'prctl', 1, 9, 0, 0, 0);
            my $ready = '';
            vec($ready, fileno $alive, 1) = 1;
            exit 125 if select($ready, undef, undef, 0);
            close $alive;
            return;
        }
        my $kept = fileno $holder;
        syscall($number{close_range}, 3, $kept - 1, 0) if $kept > 3;
        syscall($number{close_range}, $kept + 1, 0xffffffff, 0);
        $SIG{$_} = 'IGNORE' for @_;
        while (waitpid($child, 0) < 0) { exit 125 if !$!{EINTR} }
        exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
    },
    dropCapabilities => sub {
        syscall($number{prctl}, 24, $_, 0, 0, 0) for 0 .. 63;       # PR_CAPBSET_DROP
        syscall($number{prctl}, 47, 4, 0, 0, 0);                    # PR_CAP_AMBIENT, clear all
        call('drop capabilities', 'capset', pack('L l', 0x20080522, 0), "\0" x 24);
        call('gain no privileges', 'prctl', 38, 1, 0, 0, 0);        # PR_SET_NO_NEW_PRIVS
    },
    filter  => sub {
        my $program = pack 'S x6 P', length($_[0]) / 8, $_[0];
        call('filter system calls', 'prctl', 22, 2, $program, 0, 0); # PR_SET_SECCOMP
    },
    environment => sub { %ENV = @_ },
    ignore  => sub { $SIG{$_} = 'IGNORE' for @_ },
    hangUp  => sub { syscall($number{close}, $channel + 0) if defined $channel; undef $channel },
    exec    => sub {
        my ($program, @arguments) = @_;
        exec { $program } $program, @arguments or fail("start $program", $! + 0, "$!");
    },
);

my @plan;
{
    open(my $file, '<&=', $ARGV[0]) or fail('read the plan', $! + 0, "$!");
    binmode $file;
    local $/;
    @plan = unpack '(N/a*)*', <$file>;
    close $file;
}
while (@plan) {
    my ($name, $count) = splice @plan, 0, 2;
    my @arguments = splice @plan, 0, $count;
    # `when` and `unless` guard the number of steps that follow them.
    if ($name eq 'when' || $name eq 'unless') {
        my $yes = $value{substr $arguments[0], 1} ? 1 : 0;
        next if $yes == ($name eq 'when' ? 1 : 0);
        for (1 .. argument($arguments[1])) {
            my (undef, $skipped) = splice @plan, 0, 2;
            splice @plan, 0, $skipped;
        }
        next;
    }
    my $run = $step{$name} // fail('read the plan', 0, "no step $name");
    $run->(map { argument($_) } @arguments);
}
