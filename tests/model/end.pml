/* SPDX-License-Identifier: GPL-2.0-only */
/* end.c: who comes and goes. */

#if HANGUP
/* end_leave() */
inline mbx_port_detach(handles)
{
	skip;
	d_step {		/* mbx_port_detach() */
		handles--;
		invariant()
	};
	mbx_port_hang_up()
}

/* A receiver that finds the port destroyed is at its end. */
inline mbx_port_attach()
{
	d_step {		/* mbx_port_attach() */
		in_turn(receivers_begun, (me - SENDERS)) ->
		mbx_wakes_begin();
		begin(receivers_begun, (me - SENDERS));
		room = RECEIVERS_GONE;
		receive_handles++;
		receivers_seen = true;
#ifndef BROKEN_ATTACH_ADMITS_NOBODY
		if
		:: room -> mbx_transfer_admit()
		:: else
		fi;
#endif
		invariant()
	};
	mbx_wakes_finish()
}
#endif
