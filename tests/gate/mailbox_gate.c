// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gates: tasks held before or after a call of a function, as long as a test
 * wants. For tests only.
 *
 * An open file of /dev/mailbox_gate is a gate. write() tells what it is for:
 *
 *	me|any before|asleep|after FUNCTION SKIP
 *		it stands at that call, of the caller or of anybody, once SKIP
 *		of them have passed. "asleep": before it, and only if the task
 *		has set its state to sleep
 *	go	it is open for good
 *
 * Whoever comes to it is held, once; those who come later pass. read() gives
 * the number of the task that is held, or nothing. close() opens the gate, and a
 * task that is killed passes it; so a test that ends in whatever way leaves
 * nobody held.
 *
 * A probe, once placed, stays as long as the function is there: to change code
 * that others run at that moment is best done seldom, where the processors are
 * emulated.
 *
 * How: a kprobe at the function's entry makes the task go on in gate_call(), as
 * if that had been called instead. There it is in the context of the caller, so
 * it may sleep where the function may; then it calls the function. A task that
 * is about to sleep (it has set its state) keeps its state, and its processor
 * is others' all the same.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

enum state {
	GATE_NEW,
	GATE_ARMED,
	GATE_CAUGHT,		/* on the way into gate_call() */
	GATE_HOLDS,
	GATE_PASSED,
};

#define GATES_MAX	8

/**
 * struct stand - a function at which gates can stand
 * @probe:	registered
 * @node:	in stands; stands_lock
 * @gates:	written under stands_lock, read by the probe
 * @function:	the probe's symbol
 */
struct stand {
	struct kprobe probe;
	struct list_head node;
	struct gate *gates[GATES_MAX];
	char function[64];
};

/**
 * struct gate - one open file
 * @refs:	the file's, and the task's that is caught
 * @stand:	where, once armed; stands_lock
 * @any:	whoever comes; invariant once armed, as is all that has no lock
 * @after:	hold when the call returns
 * @asleep:	hold only who is about to sleep
 * @task:	whom to hold, unless @any
 * @skip:	so many pass before
 * @state:	enum state; who gets it from GATE_ARMED is held
 * @pid:	number of the task, once the gate holds it
 * @open:	whoever is held goes on
 *
 * A probe may run in what counts as an NMI, so there is no spinlock.
 */
struct gate {
	struct kref refs;
	struct stand *stand;
	bool any;
	bool after;
	bool asleep;
	struct task_struct *task;
	atomic_t skip;
	atomic_t state;
	pid_t pid;
	bool open;
};

static DEFINE_MUTEX(stands_lock);
static LIST_HEAD(stands);

/* Who was caught where: written by the task itself only, once it is in a slot. */
static struct {
	struct task_struct *task;
	struct gate *gate;
} caught[16];

static void gate_free(struct kref *refs)
{
	kfree(container_of(refs, struct gate, refs));
}

/* False if too many are on their way already. */
static bool caught_put(struct gate *gate)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(caught); i++) {
		if (cmpxchg(&caught[i].task, NULL, current))
			continue;
		caught[i].gate = gate;
		return true;
	}
	return false;
}

/* The gate that the caller was caught at, just now. */
static struct gate *caught_get(void)
{
	struct gate *gate;
	unsigned int i = 0;

	while (READ_ONCE(caught[i].task) != current)
		i++;
	gate = caught[i].gate;
	/* Pairs with cmpxchg() in caught_put(): the slot may be written anew. */
	smp_store_release(&caught[i].task, NULL);
	return gate;
}

static void gate_hold(struct gate *gate)
{
	bool sleeps = task_is_running(current);

	gate->pid = task_pid_nr(current);
	atomic_set_release(&gate->state, GATE_HOLDS);
	while (!READ_ONCE(gate->open) && !fatal_signal_pending(current)) {
		/* To sleep would lose the state, and with it a wake-up. */
		if (sleeps)
			schedule_timeout_killable(1);
		else
			cond_resched();
	}
	atomic_set(&gate->state, GATE_PASSED);
}

/* In place of the function: with its arguments, and with what it returns. */
static unsigned long gate_call(unsigned long a, unsigned long b, unsigned long c,
			       unsigned long d, unsigned long e, unsigned long f)
{
	struct gate *gate = caught_get();
	typeof(gate_call) *function = (void *)gate->stand->probe.addr;
	unsigned long result;

	if (!gate->after)
		gate_hold(gate);
	result = function(a, b, c, d, e, f);
	if (gate->after)
		gate_hold(gate);
	kref_put(&gate->refs, gate_free);
	return result;
}

static __always_inline bool gate_catches(struct gate *gate)
{
	return (gate->any || gate->task == current) &&
	       (!gate->asleep || READ_ONCE(current->__state) & TASK_INTERRUPTIBLE) &&
	       atomic_read(&gate->state) == GATE_ARMED &&
	       atomic_dec_if_positive(&gate->skip) < 0 &&
	       atomic_cmpxchg(&gate->state, GATE_ARMED, GATE_CAUGHT) == GATE_ARMED &&
	       caught_put(gate);
}

/* gate_call() comes by once more, and passes. */
static int gate_reached(struct kprobe *probe, struct pt_regs *regs)
{
	struct stand *stand = container_of(probe, struct stand, probe);
	unsigned int i;

	for (i = 0; i < GATES_MAX; i++) {
		/* It is not freed before this is over: see gate_open_up(). */
		struct gate *gate = smp_load_acquire(&stand->gates[i]);

		if (!gate || !gate_catches(gate))
			continue;
		kref_get(&gate->refs);
		instruction_pointer_set(regs, (unsigned long)gate_call);
		return 1;
	}
	return 0;
}

NOKPROBE_SYMBOL(gate_reached);

/* That there is one keeps the probe from becoming a jump, which cannot go elsewhere. */
static void gate_passed(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

NOKPROBE_SYMBOL(gate_passed);

static int stand_place(struct stand *stand)
{
	memset(&stand->probe, 0, sizeof(stand->probe));
	stand->probe.symbol_name = stand->function;
	stand->probe.pre_handler = gate_reached;
	stand->probe.post_handler = gate_passed;
	return register_kprobe(&stand->probe);
}

static struct stand *stand_get(const char *function)
{
	struct stand *stand;
	int err;

	lockdep_assert_held(&stands_lock);
	list_for_each_entry(stand, &stands, node) {
		if (strcmp(stand->function, function))
			continue;
		if (!kprobe_gone(&stand->probe))
			return stand;
		/* Its module was unloaded, and may be there again. */
		unregister_kprobe(&stand->probe);
		list_del(&stand->node);
		goto place;
	}
	stand = kzalloc(sizeof(*stand), GFP_KERNEL);
	if (!stand)
		return ERR_PTR(-ENOMEM);
	strscpy(stand->function, function, sizeof(stand->function));
place:
	err = stand_place(stand);
	if (err) {
		kfree(stand);
		return ERR_PTR(err);
	}
	list_add(&stand->node, &stands);
	return stand;
}

static int gate_arm(struct gate *gate, const char *who, const char *when,
		    const char *function, unsigned int skip)
{
	struct stand *stand;
	unsigned int i;

	if (atomic_read(&gate->state) != GATE_NEW)
		return -EBUSY;
	gate->any = !strcmp(who, "any");
	gate->after = !strcmp(when, "after");
	gate->asleep = !strcmp(when, "asleep");
	if (!gate->any && strcmp(who, "me"))
		return -EINVAL;
	if (!gate->after && !gate->asleep && strcmp(when, "before"))
		return -EINVAL;
	gate->task = current;
	atomic_set(&gate->skip, skip);

	stand = stand_get(function);
	if (IS_ERR(stand))
		return PTR_ERR(stand);
	for (i = 0; i < GATES_MAX && stand->gates[i]; i++)
		;
	if (i == GATES_MAX)
		return -EBUSY;
	gate->stand = stand;
	atomic_set(&gate->state, GATE_ARMED);
	/* Pairs with gate_reached(). */
	smp_store_release(&stand->gates[i], gate);
	return 0;
}

static void gate_open_up(struct gate *gate)
{
	unsigned int i;

	lockdep_assert_held(&stands_lock);
	WRITE_ONCE(gate->open, true);
	for (i = 0; gate->stand && i < GATES_MAX; i++)
		if (gate->stand->gates[i] == gate)
			WRITE_ONCE(gate->stand->gates[i], NULL);
	/* Probes run with preemption disabled. */
	synchronize_rcu();
}

static ssize_t gate_write(struct file *file, const char __user *data, size_t len, loff_t *pos)
{
	struct gate *gate = file->private_data;
	char text[96], who[8], when[8], function[64];
	unsigned int skip;
	int err = 0;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, data, len))
		return -EFAULT;
	text[len] = 0;

	mutex_lock(&stands_lock);
	if (!strcmp(text, "go"))
		gate_open_up(gate);
	else if (sscanf(text, "%7s %7s %63s %u", who, when, function, &skip) != 4)
		err = -EINVAL;
	else
		err = gate_arm(gate, who, when, function, skip);
	mutex_unlock(&stands_lock);
	return err ?: len;
}

static ssize_t gate_read(struct file *file, char __user *data, size_t len, loff_t *pos)
{
	struct gate *gate = file->private_data;
	char text[16];
	size_t count;

	if (atomic_read_acquire(&gate->state) != GATE_HOLDS)
		return 0;
	count = min_t(size_t, len, scnprintf(text, sizeof(text), "%d", gate->pid));
	return copy_to_user(data, text, count) ? -EFAULT : count;
}

static int gate_open(struct inode *inode, struct file *file)
{
	struct gate *gate = kzalloc(sizeof(*gate), GFP_KERNEL);

	if (!gate)
		return -ENOMEM;
	kref_init(&gate->refs);
	file->private_data = gate;
	return 0;
}

static int gate_release(struct inode *inode, struct file *file)
{
	struct gate *gate = file->private_data;

	mutex_lock(&stands_lock);
	gate_open_up(gate);
	mutex_unlock(&stands_lock);
	kref_put(&gate->refs, gate_free);
	return 0;
}

static const struct file_operations gate_fops = {
	.owner		= THIS_MODULE,
	.open		= gate_open,
	.release	= gate_release,
	.read		= gate_read,
	.write		= gate_write,
};

static struct miscdevice gate_device = {
	.minor		= MISC_DYNAMIC_MINOR,
	.name		= "mailbox_gate",
	.mode		= 0600,
	.fops		= &gate_fops,
};

static int __init gate_init(void)
{
	return misc_register(&gate_device);
}
module_init(gate_init);

/*
 * There is no exit: a task may sleep for long in the function that gate_call()
 * has called, and returns here.
 */

MODULE_DESCRIPTION("Hold tasks at a function, for tests of mailbox_ipc");
MODULE_LICENSE("GPL");
