// @ts-check
/**
 * Flights as the server sends them, for editors; nothing here runs.
 *
 * @typedef {{by:string,at_ms:number,note:string}} Done
 * @typedef {{rep?:string,role?:string,queue?:string}} StepWho
 * @typedef {{id:number,what:string,who:StepWho|null,done:Done|null}} Step
 * @typedef {{words:string,kind:"quiet"|"steps"|"time",minutes:number,until_ms:number}} Goal
 * @typedef {{mentions:number,tasks:number,open:number,answered:number,
 *   first_reply_median_s:number|null,first_reply_longest_s:number|null,steps_done:number,
 *   steps:number,reached_ms:number,lasted_s:number,
 *   people:Record<string,{replies:number,completed:number,steps:number}>}} Outcome
 * @typedef {{id:string,version:number,state:"open"|"closed",name:string,labels:string[],goal:Goal,
 *   opened_by:string,opened_ms:number,changed_ms:number,route:{done:number,of:number},
 *   mentions:number,tasks:number,open:number,due_ms:number,
 *   closed:null|{at_ms:number,by:string,how:"reached"|"by_hand",reason:string,outcome:Outcome},
 *   may:{lead:boolean,tick:boolean}}} Head
 * @typedef {{mention_id:string,task_id:string,label:string,by:string,since_ms:number,said:string,
 *   handle:string,channel:string,status:string,queue:string}} Belonging
 * @typedef {{version:number,kind:string,at_ms:number,by:string,role:string,data:any}} Event
 * @typedef {Head & {since_ms:number,say:string,steps:Step[],group:{reps:string[],queues:string[]},
 *   belonging:Belonging[],history:Event[],also:{id:string,name:string}[]}} Flight
 * @typedef {{open:Head[],closed:Head[],lead:boolean,now_ms:number,last_event_id:string}} Overview
 * @typedef {{labels:string[],reps:{name:string,title:string}[],
 *   queues:{name:string,title:string}[],roles:string[]}} Choices
 * @typedef {{id:string,version:number,name:string,goal:string,say:string,
 *   step:null|(Step & {number:number}),route:{done:number,of:number},tasks:number,open:number,
 *   due_ms:number,may_tick:boolean}} OnCard
 */
export {};
